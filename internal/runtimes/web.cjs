// A runtime with one model, driven line by line: node -e web.cjs FOLDER MODEL.onnx BATCHES.json, with onnxruntime-web installed in FOLDER.
// Its requests and answers are those of compute.go. Versions: onnxruntime-web 1.30.0, node 20.
const fs = require("node:fs");
const lines = require("node:readline").createInterface({ input: process.stdin });
const [folder, graph, file] = process.argv.slice(1);
const from = require("node:module").createRequire(require("node:path").resolve(folder) + "/");
const ort = from("onnxruntime-web");
ort.env.wasm.numThreads = 1; // as in a page that is not isolated from others

const names = { input_ids: "IDs", attention_mask: "Mask", token_type_ids: "Types" };
const batches = JSON.parse(fs.readFileSync(file)).map((b) => {
  const feed = {};
  for (const [name, key] of Object.entries(names)) {
    feed[name] = new ort.Tensor("int64", BigInt64Array.from(b[key], BigInt), [b.Rows, b.Length]);
  }
  return feed;
});

let session;
const run = async (feed) => (await session.run(feed)).logits;

async function reply(request) {
  if (request.do === "open") session = await ort.InferenceSession.create(fs.readFileSync(graph), { executionProviders: ["wasm"] });
  if (request.do === "logits") {
    const logits = [];
    for (const feed of batches.slice(1)) {
      const { data, dims } = await run(feed);
      logits.push(Array.from({ length: dims[0] }, (_, i) => Array.from(data.slice(i * dims[1], (i + 1) * dims[1]))));
    }
    return { logits };
  }
  const times = request.times || 1;
  const began = performance.now();
  for (let i = 0; i < times; i++) await run(batches[0]);
  return { seconds: (performance.now() - began) / 1000 / times };
}

(async () => {
  console.log(JSON.stringify({ version: ort.env.versions.web }));
  for await (const line of lines) {
    console.log(JSON.stringify(await reply(JSON.parse(line)).catch((error) => ({ error: String(error) }))));
  }
})();
