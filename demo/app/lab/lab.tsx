import { useEffect } from 'react'
import { isEmbedded, useCatalog } from '../connect/catalog.js'
import { ScenarioCard } from './scenario-card.js'
import { scenarios } from './scenarios.js'
import { joinTabs, useTabCount } from './tabs.js'

/** What can go wrong, to be tried against the banks that run here. */
export function Lab() {
  useEffect(joinTabs, [])
  const { banks } = useCatalog()
  const tabs = useTabCount()
  const embedded = new Set(banks.filter(isEmbedded).map(({ provider }) => provider))
  return (
    <>
      <div className="page-head">
        <h1>What can go wrong</h1>
        <p className="lead">
          Each of these happens for real, between this page, its server and the banks on this machine. The
          verdict is what the banks have seen.
        </p>
      </div>
      <div className="scenarios">
        {scenarios
          .filter(({ provider }) => embedded.has(provider))
          .map((scenario) => (
            <ScenarioCard key={scenario.id} scenario={scenario} tabs={tabs} />
          ))}
      </div>
    </>
  )
}
