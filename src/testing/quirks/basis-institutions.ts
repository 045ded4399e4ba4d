/** One way to sign in at an institution: what an initialization token names by its id. */
export interface Platform {
  readonly id: string
  readonly display_name: string
  readonly indicator: 'default' | 'personal' | 'smb' | 'commercial'
  readonly homepage_url: string
}

/** A bank or another source of data. */
export interface Institution {
  readonly id: string
  readonly name: string
  readonly type: 'bank' | 'credit-union' | 'accounting'
  readonly platforms: readonly Platform[]
}

/** The institutions that `GET /institutions` lists: made-up ones. */
export const institutions: readonly Institution[] = [
  {
    id: '0c9f2f3e-6f0a-4f0e-9a43-2b6e1d2c7a01',
    name: 'Larkspur Bank',
    type: 'bank',
    platforms: [
      {
        id: '70a5e5d3-00df-50f2-9f19-544d1f54c4bf',
        display_name: 'Larkspur Business Online',
        indicator: 'smb',
        homepage_url: 'https://business.larkspur.example',
      },
      {
        id: '4f2cc69b-576d-4eef-8fde-c36f1841b434',
        display_name: 'Larkspur Commercial',
        indicator: 'commercial',
        homepage_url: 'https://commercial.larkspur.example',
      },
    ],
  },
  {
    id: '5e0b0d1c-51f5-4b62-8f6e-9c3d7a8e1b02',
    name: 'Prairie Ledger',
    type: 'accounting',
    platforms: [
      {
        id: 'b7c1a7de-9a0c-4c7e-8d51-0f6a2c4e9d03',
        display_name: 'Prairie Ledger',
        indicator: 'default',
        homepage_url: 'https://prairie-ledger.example',
      },
    ],
  },
]

/** A platform with the institution it belongs to. */
export interface FoundPlatform {
  readonly institution: Institution
  readonly platform: Platform
}

/** The platform of this id. */
export function findPlatform(id: string): FoundPlatform | undefined {
  return institutions
    .flatMap((institution) => institution.platforms.map((platform) => ({ institution, platform })))
    .find(({ platform }) => platform.id === id.toLowerCase())
}
