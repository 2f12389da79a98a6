import { expect, it } from "vitest";
import { Metrics } from "./metrics.ts";

it("metrics are written as Prometheus's text format asks", () => {
  const metrics = new Metrics();
  const counter = metrics.counter("calls_total", "Calls,\nby \\ path.");
  const seconds = metrics.histogram("call_seconds", "Time.", [0.1, 1]);
  metrics.gauge("depth", "Now.", () => 3);
  metrics.gauge("sizes", "Each.", () => [[{ name: 'a "b"\\\n' }, Number.POSITIVE_INFINITY]]);
  counter.add({ code: "200" });
  counter.add({ code: "200" }, 2);
  counter.add({ code: "404" });
  for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe(value, { kind: "k" });
  expect(metrics.toText()).toBe(`# HELP calls_total Calls,\\nby \\\\ path.
# TYPE calls_total counter
calls_total{code="200"} 3
calls_total{code="404"} 1
# HELP call_seconds Time.
# TYPE call_seconds histogram
call_seconds_bucket{kind="k",le="0.1"} 2
call_seconds_bucket{kind="k",le="1"} 3
call_seconds_bucket{kind="k",le="+Inf"} 4
call_seconds_sum{kind="k"} 7.65
call_seconds_count{kind="k"} 4
# HELP depth Now.
# TYPE depth gauge
depth 3
# HELP sizes Each.
# TYPE sizes gauge
sizes{name="a \\"b\\"\\\\\\n"} +Inf
`);
});
