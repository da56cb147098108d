// PouchDB on LevelDB as a branch: node pouch_client.mjs fill|push|pull FOLDER URL FILE|BATCH
// Prints a line of JSON: seconds of the replication alone, its processor seconds, and how many documents are where they should be.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const PouchDB = createRequire(import.meta.url)('pouchdb')
const [action, folder, url, given] = process.argv.slice(2)
const local = new PouchDB(folder)
const told = { seconds: 0, docs: 0 }
if (action === 'fill') {
  const docs = readFileSync(given, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line))
  for (let start = 0; start < docs.length; start += 1000) {
    await local.bulkDocs(docs.slice(start, start + 1000).map(({ id, ...fields }) => ({ _id: id, ...fields })))
  }
  told.docs = (await local.info()).doc_count
} else {
  const remote = new PouchDB(url)
  const options = { batch_size: Number(given) }
  await local.info() // opens the store before the clock starts
  const begun = performance.now()
  const cpu = process.cpuUsage()
  if (action === 'push') await local.replicate.to(remote, options)
  else await local.replicate.from(remote, options)
  told.seconds = (performance.now() - begun) / 1000
  const { user, system } = process.cpuUsage(cpu)
  told.cpu = (user + system) / 1e6
  told.docs = (await (action === 'push' ? remote : local).info()).doc_count
}
await local.close()
console.log(JSON.stringify(told))
