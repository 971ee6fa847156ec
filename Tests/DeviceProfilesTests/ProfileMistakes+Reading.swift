/// Mistakes with the words for what is there on some units only, coded values, and connectors.
extension ProfileMistakes {
    static let reading: [Edits] = coding + presence + stations

    private static let coding: [Edits] = [
        [("mode:", "  mode: { at: 10, type: bit }")],
        [("mode:", "  mode: { at: 10, space: coil, type: u16, scale: 2 }")],
        [("alive", "  alive: { at: 41, space: coil, read: no, write: multiple }")],
        [("alive", "  alive: { at: 41, space: discrete, write: single, byte-order: low-first }")],
        [("mode:", "  mode: { at: 10, type: u16, encoding: hex, byte-order: middle }")],
        [
            (
                "alive",
                "  alive: { at: 41, type: u16, write: single }\n  firmware: { at: 50, type: f32, version: bytes, scale: 2 }"
            )
        ],
        [
            (
                "alive",
                "  alive: { at: 41, type: u16, write: single }\n  firmware: { at: 50, type: u32, version: bytes }"
            ), ("- { plug", "  - { plug: { lacks: 1 }, firmware: 1.2, is: A }"),
        ],
        [
            (
                "power",
                "  power: { at: 12, type: u32, unit: W, table: { 1: 5, 2: 3kW, 2: 4kW, -1: 1A } }"
            )
        ],
        [("power", "  power: { at: 12, type: f32, table: { 1: 5W } }")],
        [
            (
                "alive",
                "  alive: { at: 41, type: u16, write: single }\n  live-phases: { at: 50, type: u16, table: { 1: 4 } }"
            )
        ],
        [
            (
                "currents",
                "  currents: { at: 14, type: u16, count: 3, scale: 0.1, unit: A, phases: [1, 2] }"
            )
        ],
        [
            (
                "currents",
                "  currents: { at: 14, type: u16, count: 3, scale: 0.1, unit: A, phases: [1, 2, 4] }"
            )
        ],
    ]

    private static let presence: [Edits] = [
        [("power", "  power: { at: 12, type: u32, unit: W, if: { mode: idle } }")],
        [("power", "  power: { at: 12, type: u32, unit: W, if: { nothing: 1 }, optional: maybe }")],
        [
            (
                "alive",
                "  alive: { at: 41, type: u16, read: no, write: single, optional: yes, outside-charging: zero }"
            )
        ],
        [("plug", "  plug: { at: 11, type: u16, outside-charging: zero }")],
        [("plug", "  plug: { at: 11, type: u16, writes-per-day: 5 }")],
        [("state", "derived: { power: { product: [currents] } }\nstate:")],
        [("state", "derived: { power: { sum: plug, product: [plug, 230V] }, serial: 3 }\nstate:")],
        [("state", "derived: { energy-total: { sum: power } }\nstate:")],
        [("state", "derived: { power: { product: [currents, 12V] } }\nstate:")],
    ]

    private static let stations: [Edits] = [
        [("plug", "  plug: { at: 11, type: u16, connector-stride: 5 }")],
        [("electrical", "electrical: { phases: 3 }\nconnectors: { count: 1 }")],
        [("electrical", "electrical: { phases: 3 }\nconnectors: { count: 2 }")],
        [("electrical", "electrical: { phases: 3 }\nconnectors: { count: 2, ports: [502] }")],
        [("electrical", "electrical: { phases: 3 }\nconnectors: { count: 2, stride: 1 }")],
        [("electrical", "electrical: { phases: 3 }\nconnectors: { count: 2, stride: 65530 }")],
        [
            ("electrical", "electrical: { phases: 3 }\nconnectors: { count: 3, stride: 256 }"),
            ("plug", "  plug: { at: 11, type: u16, bits: 0..7, connector-shift: 8 }"),
        ],
        [
            ("electrical", "electrical: { phases: 3 }\nconnectors: { count: 2, stride: 256 }"),
            ("plug", "  plug: { at: 11, type: u16, connector: mine, connector-shift: 1 }"),
        ],
        [("electrical", "electrical: { phases: 3, measures: nothing }")],
        [
            (
                "link",
                "link: { unit-id: 1, serial: { baud: 9600, parity: mark }, block: { registers: 16, gap: 2, barriers: [13, x] } }"
            )
        ],
        [("link", "link: { unit-id: 1, block: { registers: 16, gap: 2, barriers: [13] } }")],
    ]
}
