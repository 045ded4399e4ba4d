// Two files, so that the errors about answers are loaded with the code that reads answers.
export {
  AuthorizationResponseError,
  BackendError,
  KeysUnavailableError,
  StepUpError,
  TokenEndpointError,
  TransactionError,
  ValidationError,
} from './errors/answers.js'
export {
  CountersignError,
  NetworkError,
  StorageError,
  type ErrorCode,
  type ErrorDetails,
  type Recovery,
} from './errors/base.js'
