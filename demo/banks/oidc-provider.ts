// oidc-provider speaks to the console while it is imported, hence every value of it comes from here.
import './quiet.js'

export { errors, Provider } from 'oidc-provider'
