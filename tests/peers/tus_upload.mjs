// tus-js-client uploads a file: node tus_upload.mjs ENDPOINT FILE CHUNK_BYTES METADATA_JSON HEADERS_JSON
// Prints a line of JSON at the end; retries without a pause for as long as there is progress.
import { createReadStream, statSync } from 'node:fs'
import { Upload } from 'tus-js-client'

const [endpoint, path, chunk, metadata, headers] = process.argv.slice(2)
const upload = new Upload(createReadStream(path), {
  endpoint,
  chunkSize: Number(chunk) || Infinity,
  uploadSize: statSync(path).size,
  metadata: JSON.parse(metadata || '{}'),
  headers: JSON.parse(headers || '{}'),
  retryDelays: Array(2000).fill(10),
  onError: (error) => { console.log(JSON.stringify({ error: String(error) })); process.exit(1) },
  onSuccess: () => { console.log(JSON.stringify({ url: upload.url })); process.exit(0) },
})
upload.start()
