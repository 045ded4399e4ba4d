import { testVariants } from '../check-backend/support/broken.js'
import { careless } from '../check-backend/support/careless.js'
import { forgetful } from '../check-backend/support/forgetful.js'

testVariants([...careless, ...forgetful], 'all')
