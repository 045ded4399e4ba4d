/** The flow in four steps, as a picture with its words beside it. */
export function FlowPicture() {
  return (
    <figure className="flow">
      <svg viewBox="0 0 520 300" aria-hidden="true">
        <g className="lane">
          <rect x="8" y="20" width="150" height="260" rx="18" />
          <rect x="362" y="20" width="150" height="260" rx="18" />
        </g>
        <g className="label">
          <text x="83" y="50">
            This page
          </text>
          <text x="437" y="50">
            Your bank
          </text>
        </g>
        <g className="sheets">
          <rect x="34" y="72" width="98" height="22" rx="6" />
          <rect x="34" y="230" width="98" height="10" rx="5" />
          <rect x="34" y="248" width="64" height="10" rx="5" />
        </g>
        <g className="lock">
          <rect x="415" y="108" width="44" height="36" rx="8" />
          <path d="M424 108v-8a13 13 0 0 1 26 0v8" />
          <rect x="400" y="164" width="74" height="10" rx="5" />
          <rect x="400" y="182" width="74" height="10" rx="5" />
        </g>
        <g className="way">
          <path d="M140 83C210 83 290 92 352 108" />
          <path d="m343 99 10 9-13 5" />
          <path d="M380 200c-70 22-160 40-236 40" />
          <path d="m156 232-13 8 13 8" />
        </g>
        <g className="step">
          <circle cx="246" cy="89" r="15" />
          <text x="246" y="94">
            1
          </text>
          <circle cx="437" cy="224" r="15" />
          <text x="437" y="229">
            2
          </text>
          <circle cx="262" cy="228" r="15" />
          <text x="262" y="233">
            3
          </text>
          <circle cx="83" cy="190" r="15" />
          <text x="83" y="195">
            4
          </text>
        </g>
      </svg>
      <figcaption>
        <ol>
          <li>You choose your bank, and the page takes you there.</li>
          <li>You sign in at the bank and say what to share.</li>
          <li>The bank sends you back with a code that works once.</li>
          <li>The app trades the code for access, and shows your accounts.</li>
        </ol>
      </figcaption>
    </figure>
  )
}
