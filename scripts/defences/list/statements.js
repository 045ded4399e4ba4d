import { apiture } from './statements/apiture.js'
import { basis } from './statements/basis.js'
import { fdx } from './statements/fdx.js'
import { moneyhub } from './statements/moneyhub.js'
import { stitch } from './statements/stitch.js'

/** What the providers' documents state, by provider. */
export const statements = [...apiture, ...basis, ...fdx, ...moneyhub, ...stitch]
