/**
 * Which `Host` a request may bring where no token is asked for. A page of a stranger can let its own name point to this machine
 * (DNS rebinding) and would then read models through the browser of whoever opened it; but it cannot change the name it asks for.
 */
import { isIPv6 } from "node:net";
import { UnrollError } from "../core/errors.ts";

export interface HostRules {
  readonly token?: string | undefined;
  /** Where the service listens. */
  readonly host: string;
  /** Other names by which it is reached. */
  readonly allowHosts: readonly string[];
}

const thisMachine = ["127.0.0.1", "localhost", "::1"];
/** Listening there means every address that this machine has. */
const everywhere = ["0.0.0.0", "::"];

/**
 * Says whether a request may come with such a `Host`, on a connection to such an address of this machine. With a token every
 * name is welcome, as is a request that names none, which no browser sends.
 *
 * @throws UnrollError `option` for an allowed host that is no name
 */
export function hostCheck({
  token,
  host,
  allowHosts,
}: HostRules): (header: string | undefined, localAddress: string | undefined) => boolean {
  for (const name of allowHosts) {
    if (isIPv6(name) || (nameOf(name) === canonical(name) && name !== "")) continue;
    throw new UnrollError({
      code: "option",
      path: "unroll serve",
      expected: "an allowed host must be a name or an address, without a port",
      received: name,
    });
  }
  if (token !== undefined) return () => true;
  const allowed = new Set([...thisMachine, host, ...allowHosts].map(canonical));
  const isEverywhere = everywhere.includes(host);
  return (header, localAddress = "") => {
    if (header === undefined) return true;
    const name = nameOf(header);
    if (name === undefined) return false;
    return allowed.has(name) || (isEverywhere && name === canonical(localAddress.replace(/^::ffff:/i, "")));
  };
}

/** Without the port; undefined for what is none. */
function nameOf(header: string): string | undefined {
  const name = /^(\[[0-9a-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.exec(header)?.[1];
  return name === undefined ? undefined : canonical(name);
}

function canonical(name: string): string {
  return (isIPv6(name) ? `[${name}]` : name).toLowerCase().replace(/\.$/, "");
}
