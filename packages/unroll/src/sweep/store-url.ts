/** `s3://bucket/prefix?endpoint=URL&region=NAME`: where an object store is and whose it is; nothing is asked of it here. */
import { didYouMean, UnrollError } from "../core/errors.ts";

export interface StorePlace {
  /** As messages show it, without the query. */
  readonly name: string;
  /** Of an object: this and its key, of which each part is escaped. Ends with a slash. */
  readonly base: string;
  readonly region: string;
  readonly keys: StoreKeys;
}

export interface StoreKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export function isStoreUrl(folder: string): boolean {
  return /^s3:/i.test(folder);
}

const parameters = ["endpoint", "region"];

/**
 * Reads the URL; whose store it is say the variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN alone, so that
 * no key stands in a command line. Without an endpoint it is Amazon's, or that of AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL.
 *
 * @throws UnrollError `option`, `usage` without keys
 */
export function readStoreUrl(url: string, environment: Readonly<Record<string, string | undefined>>): StorePlace {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const bucket = parsed?.hostname ?? "";
  if (parsed?.protocol !== "s3:" || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || parsed.username !== "") {
    throw option("the folder must be a URL such as s3://bucket/prefix?region=eu-north-1", shown(url));
  }
  const unknown = [...parsed.searchParams.keys()].find((name) => !parameters.includes(name));
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, parameters) ?? "Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";
    throw option(`an s3:// URL has ${parameters.join(" and ")} behind its question mark`, unknown, hint);
  }
  const region = parsed.searchParams.get("region") ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION;
  const endpoint =
    parsed.searchParams.get("endpoint") ?? environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL;
  const prefix = parsed.pathname.split("/").filter((part) => part !== "");
  return {
    name: shown(url),
    base: [hostOf(bucket, endpoint, region ?? usualRegion), ...prefix, ""].join("/"),
    region: region ?? usualRegion,
    keys: readKeys(environment, shown(url)),
  };
}

const usualRegion = "us-east-1";

/** Amazon's buckets have hosts of their own; elsewhere the bucket is the first part of the path. */
function hostOf(bucket: string, endpoint: string | undefined, region: string): string {
  if (!/^[a-z0-9-]{1,40}$/.test(region)) throw option("a region must be a name such as eu-north-1", region);
  if (endpoint === undefined) {
    // A certificate covers one level of names only.
    return bucket.includes(".")
      ? `https://s3.${region}.amazonaws.com/${bucket}`
      : `https://${bucket}.s3.${region}.amazonaws.com`;
  }
  const parsed = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.username !== "" || parsed.search !== "") {
    throw option("an endpoint must be a URL such as https://storage.example", endpoint.replace(/\/\/.*@/, "//"));
  }
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, "")}/${bucket}`;
}

function readKeys(environment: Readonly<Record<string, string | undefined>>, path: string): StoreKeys {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = environment;
  if (!accessKeyId || !secretAccessKey) {
    throw new UnrollError({
      code: "usage",
      path,
      expected: "an object store needs keys",
      received: `${accessKeyId ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID"} = nothing`,
      hint: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN where there is one).",
    });
  }
  return { accessKeyId, secretAccessKey, ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}) };
}

/** Without a query and without what may be a password. */
function shown(url: string): string {
  return url.replace(/[?#].*$/s, "").replace(/\/\/.*@/, "//");
}

function option(expected: string, received: string, hint?: string): UnrollError {
  return new UnrollError({
    code: "option",
    path: "sweep",
    expected,
    received,
    ...(hint === undefined ? {} : { hint }),
  });
}
