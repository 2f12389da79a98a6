import { AwsV4Signer } from "aws4fetch";
import { describe, expect, it, onTestFinished } from "vitest";
import { objectStore, type StoreLimits } from "./object-store.ts";
import { type Fault, type StoreServer, signatureOf, startStore, storeKeys } from "./store-server.ts";
import { readStoreUrl } from "./store-url.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (found: Uint8Array | undefined): string | undefined => found && new TextDecoder().decode(found);

async function store(limits: Partial<StoreLimits> = {}, url = "s3://bucket/a%20b/c", keys: object = storeKeys) {
  const server = await startStore();
  onTestFinished(() => server.close());
  const place = readStoreUrl(`${url}?endpoint=${server.endpoint}`, { ...keys });
  return { server, store: await objectStore(place, { firstPause: 1, ...limits }) };
}

/** Gives out the faults one after the other, then none. */
function failWith(server: StoreServer, ...faults: Fault[]): void {
  server.fault = () => faults.shift();
}

describe("signatures", () => {
  // The examples of the Amazon S3 API Reference, "Examples: Signature Calculations", with its keys.
  const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  const nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const host = "examplebucket.s3.amazonaws.com";
  const time = "20130524T000000Z";
  const examples: { method: string; url: string; headers: Record<string, string>; signature: string }[] = [
    {
      method: "GET",
      url: "/test.txt",
      headers: { range: "bytes=0-9", "x-amz-content-sha256": nothing },
      signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    },
    {
      method: "PUT",
      url: "/test%24file.text",
      headers: {
        date: "Fri, 24 May 2013 00:00:00 GMT",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      },
      signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    },
    {
      method: "GET",
      url: "/?lifecycle",
      headers: { "x-amz-content-sha256": nothing },
      signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    },
    {
      method: "GET",
      url: "/?max-keys=2&prefix=J",
      headers: { "x-amz-content-sha256": nothing },
      signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    },
  ];

  it.each(examples)("are those of Amazon's examples: $method $url", async ({ method, url, headers, signature }) => {
    const all: Record<string, string> = { ...headers, host, "x-amz-date": time };
    const signedHeaders = Object.keys(all).sort();
    expect(signatureOf({ method, url, headers: all, signedHeaders, region: "us-east-1", secret })).toBe(signature);
    const signer = new AwsV4Signer({
      method,
      url: `https://${host}${url}`,
      headers,
      accessKeyId: "AKIAIOSFODNN7EXAMPLE",
      secretAccessKey: secret,
      service: "s3",
      region: "us-east-1",
      datetime: time,
      allHeaders: true,
    });
    const { headers: signed } = await signer.sign();
    expect(signed.get("authorization")).toContain(`Signature=${signature}`);
  });
});

describe("an object store", () => {
  it("gives back what was written, under whatever name", async () => {
    const { server, store: one } = await store();
    const name = "data/Größe + 50% (1)!.csv";
    await one.write(name, bytes("x"));
    expect([...server.objects.keys()]).toEqual([`bucket/a b/c/${name}`]);
    expect([text(await one.read(name)), await one.has(name)]).toEqual(["x", true]);
    expect([await one.read("none"), await one.has("none")]).toEqual([undefined, false]);
    await one.write("empty", bytes(""));
    expect((await one.read("empty"))?.length).toBe(0);
  });

  it("writes once: the first of several counts, for all of them", async () => {
    const { server, store: one } = await store();
    const words = ["a", "b", "c", "d", "e"];
    const counted = await Promise.all(words.map(async (word) => text(await one.create("r", bytes(word)))));
    expect(new Set(counted).size).toBe(1);
    expect(counted[0]).toBe(server.objects.get("bucket/a b/c/r")?.toString());
  });

  it("tries again after faults, silence and lost connections", async () => {
    const { server, store: one } = await store({ silence: 300 });
    failWith(server, "error", "cut", "slow", "error");
    await one.write("k", bytes("1"));
    failWith(server, "half", "error");
    expect(text(await one.read("k"))).toBe("1");
  });

  it("knows its own write when the answer to it was lost", async () => {
    const { server, store: one } = await store();
    failWith(server, "lost");
    expect(text(await one.create("r", bytes("mine")))).toBe("mine");
    expect(server.requests.filter((request) => request.startsWith("PUT"))).toHaveLength(2);
  });

  it("gives up in the end, with the store's own reason", async () => {
    const { server, store: one } = await store({ tries: 3 });
    server.fault = () => "error";
    await expect(one.read("k")).rejects.toThrow(
      "s3://bucket/a%20b/c/k: the object must be readable. Received: status 500 (InternalError, About InternalError), 3 times.",
    );
    await server.close();
    await expect(one.write("k", bytes("1"))).rejects.toThrow(
      /writable. Received: ECONNREFUSED, 3 times. Correct the endpoint/,
    );
  });

  it("asks once where asking again does not help, and names the variables to check", async () => {
    const wrong = { ...storeKeys, AWS_SECRET_ACCESS_KEY: "another" };
    const { server, store: one } = await store({}, "s3://bucket/x", wrong);
    await expect(one.read("k")).rejects.toThrow(/status 403 \(SignatureDoesNotMatch, .* AWS_SECRET_ACCESS_KEY/);
    const { store: other } = await store({}, "s3://others/x");
    await expect(other.read("k")).rejects.toThrow("NoSuchBucket");
    expect(server.requests).toEqual([]);
  });

  it("says that the clock is wrong", async () => {
    const { server, store: one } = await store();
    server.clock = 14 * 60_000;
    await one.write("k", bytes("1"));
    server.clock = 16 * 60_000;
    await expect(one.read("k")).rejects.toThrow(/RequestTimeTooSkewed.* Set this machine's clock\.$/);
  });

  it("takes no object larger than its bound", async () => {
    const { store: one } = await store({ mostBytes: 1000 });
    await one.write("k", new Uint8Array(1001));
    await expect(one.read("k")).rejects.toMatchObject({ code: "memory" });
    await one.write("k", new Uint8Array(1000));
    expect((await one.read("k"))?.length).toBe(1000);
  });
});

describe("a store's URL", () => {
  const environment = { ...storeKeys };
  it("is Amazon's without an endpoint, and has the bucket in its path with one", () => {
    expect(readStoreUrl("s3://bucket/a/b?region=eu-north-1", environment)).toMatchObject({
      base: "https://bucket.s3.eu-north-1.amazonaws.com/a/b/",
      name: "s3://bucket/a/b",
      region: "eu-north-1",
    });
    expect(readStoreUrl("s3://my.bucket", environment).base).toBe("https://s3.us-east-1.amazonaws.com/my.bucket/");
    expect(readStoreUrl("s3://bucket/a", { ...environment, AWS_ENDPOINT_URL: "https://s.example/" }).base).toBe(
      "https://s.example/bucket/a/",
    );
    expect(readStoreUrl("s3://bucket/a", { ...environment, AWS_REGION: "eu-west-1" }).region).toBe("eu-west-1");
    expect(readStoreUrl("s3://bucket/a", { ...environment, AWS_SESSION_TOKEN: "t" }).keys.sessionToken).toBe("t");
  });

  it.each([
    ["s3://B/x", "the folder must be a URL such as s3://bucket/prefix?region=eu-north-1. Received: s3://B/x."],
    ["s3://me:secret@bucket/x", "Received: s3://bucket/x."],
    [
      "s3://bucket/x?regio=a",
      "an s3:// URL has endpoint and region behind its question mark. Received: regio. Did you mean region?",
    ],
    ["s3://bucket/x?secret=a", "Keys come from AWS_ACCESS_KEY_ID"],
    ["s3://bucket/x?region=../a", "a region must be a name"],
    ["s3://bucket/x?endpoint=ftp://a", "an endpoint must be a URL"],
  ])("says what is wrong with %s, and no password", (url, message) => {
    expect(() => readStoreUrl(url, environment)).toThrow(message);
    expect(() => readStoreUrl(url, environment)).not.toThrow("secret@");
  });

  it("needs keys, which come from the environment alone", () => {
    expect(() => readStoreUrl("s3://bucket/x", {})).toThrow("AWS_ACCESS_KEY_ID = nothing. Set AWS_ACCESS_KEY_ID");
    expect(() => readStoreUrl("s3://bucket/x", { AWS_ACCESS_KEY_ID: "a" })).toThrow("AWS_SECRET_ACCESS_KEY = nothing");
  });
});
