// Tests what is made of a conversion webhook's answer: only what it may change is taken over.
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../meta.ts";
import { readReview, reviewOf, type Conversion } from "./conversion.ts";

const one: KubeObject & { spec: object } = {
  apiVersion: "example.com/v1",
  kind: "Tab",
  metadata: {
    name: "a",
    namespace: "n",
    uid: "u",
    resourceVersion: "7",
    creationTimestamp: "2026-01-01T00:00:00Z",
    labels: { x: "1" },
  },
  spec: { host: "h:1" },
};
const asked: Conversion = { uid: "1", desired: "example.com/v2", objects: [one] };
const made = { ...one, apiVersion: "example.com/v2", spec: { host: "h", port: 1 } };

const answer = (response: object, more: object = {}): unknown => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "ConversionReview",
  response: { uid: "1", result: { status: "Success" }, ...response },
  ...more,
});

describe("readReview", () => {
  it("asks for the version, and takes the objects as they come", () => {
    expect(reviewOf(asked)).toMatchObject({
      request: { uid: "1", desiredAPIVersion: "example.com/v2", objects: [one] },
    });
    expect(readReview(asked, answer({ convertedObjects: [made] }))).toEqual({
      is: "converted",
      objects: [made],
    });
  });

  it("takes over labels and annotations, and nothing else of the metadata", () => {
    const metadata = { ...one.metadata, resourceVersion: "9", finalizers: ["x/y"], labels: { y: "2" } };
    const read = readReview(asked, answer({ convertedObjects: [{ ...made, metadata }] }));
    expect(read).toMatchObject({ objects: [{ metadata: { ...one.metadata, labels: { y: "2" } } }] });
    expect(JSON.stringify(read)).not.toContain("finalizers");
  });

  it.each([
    ["no review", {}, "failed: expected webhook response of"],
    ["another kind", answer({}, { kind: "Other" }), "failed: expected webhook response of"],
    ["no response", answer({}, { response: undefined }), "failed: no response provided"],
    ["another question's answer", answer({ uid: "2" }), 'failed: expected response.uid="1", got "2"'],
    ["a failure", answer({ result: { status: "Failure", message: "no way" } }), "failed: no way"],
    [
      "a bare failure",
      answer({ result: { status: "Failure" } }),
      "failed: response.result.status was 'Failure'",
    ],
    ["too few", answer({ convertedObjects: [] }), "returned 0 objects, expected 1"],
    [
      "the same version",
      answer({ convertedObjects: [one] }),
      "invalid groupVersion (expected example.com/v2, received example.com/v1)",
    ],
    [
      "another kind of object",
      answer({ convertedObjects: [{ ...made, kind: "B" }] }),
      "invalid kind (expected Tab, received B)",
    ],
    ["no metadata", answer({ convertedObjects: [{ ...made, metadata: undefined }] }), "missing metadata"],
    [
      "another name",
      answer({ convertedObjects: [{ ...made, metadata: { ...one.metadata, name: "b" } }] }),
      "must have the same name: a != b",
    ],
    [
      "another UID",
      answer({ convertedObjects: [{ ...made, metadata: { ...one.metadata, uid: "v" } }] }),
      "must have the same UID: u != v",
    ],
    [
      "labels that are none",
      answer({ convertedObjects: [{ ...made, metadata: { ...one.metadata, labels: { a: 1 } } }] }),
      "metadata.labels[a] must be a string",
    ],
  ])("refuses %s", (_name, given, why) => {
    const read = readReview(asked, given);
    expect(read.is).toBe("failed");
    expect(read.is === "failed" ? read.because : "").toContain(
      `conversion webhook for example.com/v1, Kind=Tab ${why.startsWith("failed") || why.startsWith("returned") ? why : ""}`,
    );
    expect(read.is === "failed" ? read.because : "").toContain(why);
  });
});
