import t from 'tap'
import { attachmentStoreContract } from '../contracts/attachment-store.ts'
import { documentStoreContract } from '../contracts/document-store.ts'
import { propertyContract } from '../contracts/property.ts'
import { storeCopyContract } from '../contracts/store-copy.ts'
import { storeRewritingContract } from '../contracts/store-rewriting.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { esOpener } from '../support/es.ts'

const engine = await engineFor('es8')
if ('missing' in engine) t.test('es 8.19', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const open = esOpener(engine.url)
  documentStoreContract(t, 'es 8.19', open)
  attachmentStoreContract(t, 'es 8.19', open)
  storeCopyContract(t, 'es 8.19', open)
  storeRewritingContract(t, 'es 8.19', open)
  // Each history has an index of its own, which takes a tenth of a second to make.
  propertyContract(t, 'es 8.19', open, { runs: 4 })
}
