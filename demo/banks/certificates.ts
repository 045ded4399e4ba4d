import { X509Certificate } from 'node:crypto'
import type { JWK } from 'jose'
import { generate, type CertificateExtension } from 'selfsigned'
import { thumbprintOf } from './requests.js'

/** A certificate and its private key, in PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** A client's certificate with what is registered of it. */
export interface ClientCertificate extends Certificate {
  /** The public key and, in `x5c`, the certificate: this and nothing else is given away. */
  readonly jwks: { readonly keys: JWK[] }
  /** `x5t#S256`: the SHA-256 of the certificate, base64url. */
  readonly thumbprint: string
}

/** Makes a certificate for a server on 127.0.0.1 that signs itself. */
export function createServerCertificate(): Promise<Certificate> {
  return createCertificate('127.0.0.1', [
    { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    { name: 'extKeyUsage', serverAuth: true },
  ])
}

/** Makes a client's certificate that signs itself, named like its key. */
export async function createClientCertificate(kid: string): Promise<ClientCertificate> {
  const certificate = await createCertificate(kid, [{ name: 'extKeyUsage', clientAuth: true }])
  const { publicKey, raw } = new X509Certificate(certificate.cert)
  const jwk = publicKey.export({ format: 'jwk' }) as JWK
  return {
    ...certificate,
    jwks: { keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig', x5c: [raw.toString('base64')] }] },
    thumbprint: thumbprintOf(raw),
  }
}

async function createCertificate(
  commonName: string,
  extensions: CertificateExtension[],
): Promise<Certificate> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      ...extensions,
    ],
  })
  return { cert, key }
}
