import { isUtf8 } from 'node:buffer'
import express from 'express'
import { Refusal } from './refusal.js'

const poisonous = new Set(['__proto__', 'constructor', 'prototype'])

/** Middleware that gives `req.body` as a JSON object with no members but these. Without a list: any JSON. */
export function json({ limit = '16kb', members } = {}) {
  return [
    (req, res, next) => {
      const type = req.get('content-type') ?? ''
      if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type))
        throw new Refusal('unsupported_media_type')
      next()
    },
    express.json({
      limit,
      inflate: false,
      strict: members !== undefined,
      type: () => true,
      verify: (req, res, bytes) => {
        if (!isUtf8(bytes)) throw new Error('not UTF-8')
        req.text = bytes.toString()
      },
      reviver: (name, value) => {
        if (poisonous.has(name)) throw new SyntaxError('poisonous')
        return value
      },
    }),
    (req, res, next) => {
      const { body } = req
      if (!req.text) throw new Refusal('invalid_request')
      if (members) {
        if (Array.isArray(body)) throw new Refusal('invalid_request')
        if (!Object.keys(body).every((name) => members.includes(name))) throw new Refusal('invalid_request')
      }
      next()
    },
  ]
}

const isString = (value, form) => typeof value === 'string' && form.test(value)

export const isHash = (value) => isString(value, /^[\w-]{43}$/)
export const isVerifier = (value) => isString(value, /^[\w.~-]{43,128}$/)
export const isText = (value) => isString(value, /^[\x20-\x7e]{1,4096}$/)
