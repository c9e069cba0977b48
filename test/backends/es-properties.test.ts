import t from 'tap'
import { attachmentStoreContract } from '../contracts/attachment-store.ts'
import { documentStoreContract } from '../contracts/document-store.ts'
import { propertyContract } from '../contracts/property.ts'
import { storeCopyContract } from '../contracts/store-copy.ts'
import { storeRewritingContract } from '../contracts/store-rewriting.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { esOpener } from '../support/es.ts'

const engine = await engineFor('es')
if ('missing' in engine) t.test('es', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const open = esOpener(engine.url)
  documentStoreContract(t, 'es', open)
  attachmentStoreContract(t, 'es', open)
  storeCopyContract(t, 'es', open)
  storeRewritingContract(t, 'es', open)
  // Each history has an index of its own, which takes a tenth of a second to make.
  propertyContract(t, 'es', open, { runs: 12 })
}
