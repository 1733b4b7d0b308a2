// Owns a conversion webhook in a thread of its own: v1 has host and port apart, v2 has them as one address. It fails as it is told to.
import { createServer } from "node:https";
import { workerData } from "node:worker_threads";

const { cert, key, shared } = workerData;
// How it is to behave, how often it was asked, and where it listens.
const state = new Int32Array(shared);
const modes = ["well", "refuse", "wrong-uid", "drop", "away"];

function converted(object, desired) {
  const { host = "", port = 0, address = "" } = object.spec;
  const [name, number] = address.split(":");
  const spec = desired.endsWith("/v2")
    ? { address: `${host}:${port}` }
    : { host: name, port: Number(number) };
  return { ...object, apiVersion: desired, spec };
}

const server = createServer({ cert, key }, (request, response) => {
  const mode = modes[Atomics.load(state, 0)];
  if (mode === "away") {
    request.socket.destroy();
    return;
  }
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", () => {
    Atomics.add(state, 1, 1);
    const { uid, desiredAPIVersion, objects } = JSON.parse(body).request;
    const answer = {
      uid: mode === "wrong-uid" ? "other" : uid,
      result: mode === "refuse" ? { status: "Failure", message: "not today" } : { status: "Success" },
      convertedObjects:
        mode === "drop" || mode === "refuse" ? [] : objects.map((one) => converted(one, desiredAPIVersion)),
    };
    const review = { apiVersion: "apiextensions.k8s.io/v1", kind: "ConversionReview", response: answer };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(review));
  });
});
server.listen(0, "127.0.0.1", () => Atomics.store(state, 2, server.address().port));
