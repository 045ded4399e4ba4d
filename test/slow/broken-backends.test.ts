import { testVariants } from '../check-backend/support/broken.js'
import { careless } from '../check-backend/support/careless.js'
import { forgetful } from '../check-backend/support/forgetful.js'
import { trusting } from '../check-backend/support/trusting.js'

testVariants([...careless, ...forgetful, ...trusting], 'all')
