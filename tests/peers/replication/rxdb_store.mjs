// A collection of our records in an RxDB in memory, for both ends of a replication.
import { createRxDatabase } from 'rxdb'
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory'

const text = { type: 'string' }
const schema = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id: { type: 'string', maxLength: 36 }, number: text, name: text, sex: text, birth_date: text, id_type: text,
    phone: text, address: text, allergy: text,
  },
  required: ['id'],
}

export async function openCollection(name) {
  const database = await createRxDatabase({ name, storage: getRxStorageMemory(), multiInstance: false })
  return (await database.addCollections({ records: { schema } })).records
}

export async function fill(collection, docs) {
  for (let start = 0; start < docs.length; start += 1000) await collection.bulkInsert(docs.slice(start, start + 1000))
}
