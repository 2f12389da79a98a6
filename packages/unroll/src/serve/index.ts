/** The service behind `unroll serve`, for programs: `import { startService } from "unroll/serve"`. */
export type { ServiceLimits, ServiceOptions } from "./options.ts";
export type { Reloaded } from "./registry.ts";
export type { Runner, StepResult, StreamState } from "./runner.ts";
export { type Service, startService } from "./service.ts";
export type { Port, Signature } from "./signature.ts";
