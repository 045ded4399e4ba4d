// The errors of the contract: status and sentence. No other answer with an error leaves this server.
const errors = {
  invalid_request: [400, 'The request is not as the contract describes it.'],
  invalid_grant: [400, 'The provider does not accept the authorization code.'],
  unauthenticated: [401, 'Nobody is signed in.'],
  forbidden_origin: [403, 'This page may not ask.'],
  unknown_provider: [404, 'There is no such provider.'],
  unknown_connection: [404, 'There is no such connection.'],
  not_found: [404, 'There is nothing here.'],
  method_not_allowed: [405, 'This method is not allowed here.'],
  subject_mismatch: [409, 'Another user is signed in than this page asks for. Nothing was done.'],
  transaction_invalid: [409, 'Unknown, expired, used, or not of this user. Start again.'],
  other_person: [
    409,
    'The person who signed in at the provider is not the one this connection belongs to. The connection is unchanged.',
  ],
  too_many_connections: [409, 'There are too many connections. Disconnect one first.'],
  person_unknown: [409, 'Nothing says who has signed in at the provider. The connection stays as it was.'],
  reauthorization_required: [409, 'The connection must be renewed.'],
  step_up_required: [409, 'The API wants the person to sign in again, or by a stronger way.'],
  payload_too_large: [413, 'The body is too large.'],
  unsupported_media_type: [415, 'The body must be application/json.'],
  rate_limited: [429, 'Too many requests.'],
  provider_error: [502, 'The provider refused, or its answer cannot be used.'],
  backend_unavailable: [503, 'Something is wrong here. Try again later.'],
  provider_unavailable: [504, 'The provider does not answer.'],
}

export class Refusal extends Error {
  /** @param {keyof errors} error */
  constructor(error, { connection, wanted = {}, headers = {} } = {}) {
    super(error)
    this.error = error
    this.connection = connection
    this.wanted = wanted
    this.headers = headers
  }
}

/** Express's error handler: the last of the middleware. */
export function sendRefusal(problem, req, res, next) {
  if (res.headersSent) return next(problem)
  const { error, connection, wanted, headers } = toRefusal(problem)
  const [status, description] = errors[error]
  res.set(headers).status(status)
  res.json({ error, error_description: description, ...(connection && { connection }), ...wanted })
}

function toRefusal(problem) {
  if (problem instanceof Refusal) return problem
  // What body-parser throws.
  if (problem.type === 'entity.too.large') return new Refusal('payload_too_large')
  if (problem.type === 'encoding.unsupported') return new Refusal('unsupported_media_type')
  if (problem.type) return new Refusal('invalid_request')
  // A path that cannot be decoded.
  if (problem instanceof URIError) return new Refusal('not_found')
  console.error(problem.name)
  return new Refusal('backend_unavailable')
}
