/** Trials that take too long: ended, recorded once, and the sweep goes on without them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { main } from "../src/cli/main.ts";
import { sweep } from "../src/sweep/index.ts";
import { temporaryFolder, unevenOptions, unevenSpace } from "../src/sweep/testing.ts";
import { recorded } from "./sweep-processes.ts";
import { terminal } from "./terminal.ts";

describe("a trial that takes too long", { timeout: 120_000 }, () => {
  it("is ended, recorded once and not tried again; the others are scored as without it", async () => {
    const folder = temporaryFolder();
    const options = unevenOptions(folder);
    const place = { folder: join(folder, "s"), threads: 2, trialTimeout: 8 };
    const results = await sweep(unevenSpace, options, place);
    const [group] = results.groups;
    expect(group!.trials.map(({ trial, status }) => [trial, status])).toEqual([
      ["t1", "done"],
      ["t2", "timed out"],
    ]);
    const reason = "it was ended after 8 s, the most that a trial may take here";
    expect(group!.trials[1]).toMatchObject({ score: null, folds: [], reason });
    const alone = { folder: join(folder, "alone"), threads: 0 };
    const [expected] = (await sweep({ ...unevenSpace, units: 2 }, options, alone)).groups;
    expect(group!.best?.final.rmse).toBe(expected!.best?.final.rmse);
    expect(recorded(place.folder).sort()).toEqual(["t1-e3", "t1-final", "t2-e3"]);
    // Without a limit it would run on now, were it not recorded.
    const again = await sweep(unevenSpace, options, { folder: place.folder, threads: 1 });
    expect(again).toEqual(results);
    expect(readFileSync(join(place.folder, "results.json"), "utf8")).toBe(`${JSON.stringify(results, undefined, 2)}\n`);
  });

  it("is told while the sweep runs and in its table", async () => {
    const folder = temporaryFolder();
    const { data } = unevenOptions(folder);
    const screen = terminal();
    const path = join(folder, "space.ts");
    writeFileSync(path, `export const space = ${JSON.stringify({ ...unevenSpace, units: [512] })};\n`);
    const words = ["sweep", path, data, "--target", "sold", "--strategy", "grid", "--epochs", "3", "--folds", "1"];
    const more = ["--folder", join(folder, "s"), "--threads", "1", "--trial-timeout", "2"];
    expect(await main([...words, ...more], screen)).toBe(1);
    expect(screen.notes).toContain("t1-e3 timed out: it was ended after 2 s, the most that a trial may take here\n");
    expect(screen.text).toContain("timed out");
    expect(screen.text).toContain("Timed out: it was ended after 2 s, the most that a trial may take here.");
    expect(screen.text).toContain("No trial could be trained.");
  });

  it("is waited for unless the limit makes sense", async () => {
    const options = unevenOptions(temporaryFolder());
    const refused = (place: object): Promise<unknown> =>
      sweep(unevenSpace, options, { folder: "never", ...place }).catch((error: Error) => error.message);
    expect(await refused({ trialTimeout: 0 })).toBe(
      "sweep: trialTimeout must be seconds, above 0 and up to 2,000,000. Received: trialTimeout = 0.",
    );
    expect(await refused({ trialTimeout: 3e6 })).toContain("trialTimeout must be seconds");
    expect(await refused({ trialTimeout: Number.NaN })).toContain("trialTimeout must be seconds");
    expect(await refused({ trialTimeout: 5, threads: 0 })).toContain("trialTimeout needs threads, for nothing can end");
    expect(await refused({ queue: "redis://127.0.0.1", threads: 2 })).toBe(
      "sweep: with a queue the workers train, and no threads here. Received: threads = 2. Leave threads or queue out.",
    );
  });
});
