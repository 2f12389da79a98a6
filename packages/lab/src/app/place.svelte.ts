/** Where the page is: its route, what the link leaves out of it, and the address bar, which stays behind while steps are taken. */
import { keepForReload, LateAddress, takeAfterReload } from "./address.ts";
import { type Route, readRoute, startRoute, writeRoute } from "./router.ts";

export class Place {
  /** What reads one of its properties follows that one alone. */
  readonly route: Route = $state({ ...startRoute });
  /** The route as the address has it: behind `route` while steps are taken. Links on the page are written from it. */
  #written = $state.raw<Route>(startRoute);
  readonly #address = new LateAddress((hash) => {
    history.replaceState(null, "", hash);
    this.#written = { ...this.route };
  });

  /** A step to another timestep, unit or value, with every frame if need be: the address follows when steps rest. */
  step(change: Partial<Pick<Route, "t" | "unit" | "gate" | "view">>): void {
    this.move(change);
    this.#address.later(writeRoute(this.route));
  }

  /** Brings the address up to date with the steps that were taken. */
  settle(): void {
    this.#address.settle();
  }

  /** True for a part of the page that the link leaves out. */
  hides(part: string): boolean {
    return this.route.hide.split(",").includes(part);
  }

  /** True for a control that the link fixes. */
  locks(control: string): boolean {
    return this.route.lock.split(",").includes(control);
  }

  href(change: Partial<Route>): string {
    return writeRoute({ ...this.#written, ...change });
  }

  protected move(change: Partial<Route>): void {
    Object.assign(this.route, change);
  }

  /** Tells each link that the address bar comes to by itself, first the present one. */
  protected hearAddress(follow: (route: Route) => void): void {
    const read = (): void => {
      this.#address.forget();
      const route = readRoute(location.hash);
      this.#written = route;
      follow(route);
    };
    addEventListener("hashchange", read);
    // Before a link is followed or the page is left, the address is that of what is on screen.
    addEventListener("click", () => this.settle(), { capture: true });
    addEventListener("pagehide", () => {
      this.settle();
      keepForReload();
    });
    takeAfterReload();
    read();
  }

  /** Writes a link into the address bar, with an entry in the history or in place of its last. */
  protected writeAddress(route: Route, replace: boolean): void {
    const hash = writeRoute(route);
    if (replace) history.replaceState(null, "", hash);
    else if (location.hash !== hash) history.pushState(null, "", hash);
    this.#written = route;
  }
}
