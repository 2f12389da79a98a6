/** The service behind `unroll serve`, for programs: `import { startService } from "unroll/serve"`. */
export type { ServiceLimits, ServiceOptions } from "./options.ts";
export type { Reloaded } from "./registry.ts";
export { type Service, startService } from "./service.ts";
