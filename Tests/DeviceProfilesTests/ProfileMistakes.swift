/// Mistakes that people make in profiles: lines of the sample profile, and what stands there
/// instead.
enum ProfileMistakes {
    typealias Edits = [(line: String, with: String)]

    static let all: [Edits] =
        headers + registers + meanings + states + control + supervision + commands + watts + denials
        + reading + yaml

    private static let headers: [Edits] = [
        [("profile", "profile: other-box")],
        [("profile", "profile: Acme_Box")],
        [("title", "titel: Acme Box")],
        [("title", "title:")],
        [("title", "extends: acme-base\ntitle: Acme Box")],
        [("source", "source: { document: x, confidence: rumour, verified-on-hardware: maybe }")],
        [("source", "source: the manual")],
        [
            (
                "link",
                "link: { unit-id: 256, port: 0, request-gap: 1, response-timeout: 20s, block: many }"
            )
        ],
        [("link", "link: { unit-id: 1, block: { registers: 126, gaps: 2 } }")],
        [("link", "link: { unit-id: 1, block: { registers: 1, gap: 2 } }")],
        [("link", "link: { block: single }")],
        [("electrical", "electrical: { phases: 2, rated-power: 22A }")],
    ]

    private static let registers: [Edits] = [
        [("mode:", "  mode: { at: 65536, type: u16 }")],
        [("mode:", "  mode: { at: 10, type: u33 }")],
        [("mode:", "  Mode_1: { at: 10, type: u16 }")],
        [("mode:", "  limit: { at: 10, type: u16 }")],
        [("mode:", "  mode: 10")],
        [("plug", "  plug: { at: 65535, type: u32 }")],
        [("power", "  powr: { at: 12, type: u32, unit: W }")],
        [("power", "  load: { at: 12, type: u32, unit: W }")],
        [("power", "  power: { at: 12, type: u32, unit: W, is: currents, persistence: volatile }")],
        [("power", "  power: { at: 12, type: u32, unit: W, poll: sometimes }")],
        [("power", "  power: { at: 12, type: u32, unit: W, read: no }")],
        [("power", "  power: { at: 12, type: u32, unit: W, read: no, write: multiple }")],
        [("power", "  power: { at: 12, type: u32, unit: W, poll: never }")],
        [("power", "  power: { at: 12, type: u32, unit: W, write: single, space: input }")],
        [("power", "  power: { at: 13, type: u32, unit: W }")],
        [
            (
                "power",
                "  power: { at: 12, type: u32, unit: W }\n  load: { at: 20, type: u16, unit: W, is: power }"
            )
        ],
        [("alive", "  alive: { at: 41, type: u16, read: no, poll: fast, write: single }")],
        [
            (
                "alive",
                "  alive: { at: 41, type: u16, read: no, write: single, persistence: retentive }"
            )
        ],
        [
            (
                "currents",
                "  currents: { at: 14, type: u16, count: 2, stride: 0, scale: 0.1, unit: A }"
            )
        ],
        [("electrical", "electrical: { phases: 1 }")],
        [("currents", ""), ("power", "")],
    ]

    private static let meanings: [Edits] = [
        [
            (
                "mode:",
                "  mode: { at: 10, type: u16, values: { 0: idle, 0x0: b, 1: waiting, 2: waiting, 3: Charging, 70000: x } }"
            )
        ],
        [("power", "  power: { at: 12, type: u32, unit: kwh }")],
        [("power", "  power: { at: 12, type: u32, unit: horsepower }")],
        [("power", "  power: { at: 12, type: u32, unit: A }")],
        [("power", "  power: { at: 12, type: u32 }")],
        [("power", "  power: { at: 12, type: u32, unit: W, count: 3, scale: 0 }")],
        [("power", "  power: { at: 12, type: text, registers: 2, unit: W, scale: 2 }")],
        [("power", "  power: { at: 12, type: u32, unit: mW, offset: 1, order: low }")],
        [
            (
                "power",
                "  power: { at: 12, type: s16, unit: W, bits: 1..3, order: low-first, stride: 4 }"
            )
        ],
        [("power", "  power: { at: 12, type: u16, unit: W, bits: 10..16, registers: 3 }")],
        [("power", "  power: { at: 12, type: u16, unit: W, bits: 3..1, invalid: 0x1_0000 }")],
        [("power", "  error-code: { at: 12, type: u16, unit: W, invalid: [0xFFFF, -1] }")],
    ]

    private static let states: [Edits] = [
        [("- { plug", "  - { plug: { lacks: 0b1, misses: 3 }, is: X }")],
        [("- { plug", "  - { plgu: 1, mode: chargin, is: A }")],
        [("- { plug", "  - { plug: { has: 0 }, is: B }")],
        [("- { plug", "  - { plug: 0 }")],
        [("- { plug", "")],
        [("- { plug", "  - { is: A }")],
        [
            (
                "- { mode: waiting",
                "  - { mode: [charging, waiting], is: B2 }\n  - { mode: waiting, is: C1 }"
            )
        ],
        [
            (
                "- { mode: charging",
                "  - { mode: [], currents: 3, power: { from: 5, to: 3W }, is: C2 }"
            )
        ],
        [("- { mode: charging", "  - { power: { from: 500W, to: 3W }, is: C2 }")],
        [("plug", "  plug: { at: 11, type: u16, poll: slow }")],
        [("state", "stat:")],
    ]

    private static let control: [Edits] = [
        [
            (
                "setpoint",
                "  setpoint: { at: 40, type: u16, scale: 0.1, unit: A, write: single, poll: slow }"
            )
        ],
        [
            (
                "setpoint",
                "  setpoint: { at: 40, type: u16, scale: 0.1, unit: A, write: single, persistence: retentive }"
            )
        ],
        [("setpoint", "  setpoint: { at: 40, type: u16, scale: 0.1, unit: A }")],
        [("setpoint", "  setpoint: { at: 40, type: u16, scale: -0.1, unit: A, write: single }")],
        [("setpoint", "  setpoint: { at: 40, type: u16, scale: 0.7, unit: A, write: single }")],
        [("setpoint", "  setpoint: { at: 40, type: u16, scale: 0.0001, unit: A, write: single }")],
        [
            (
                "setpoint",
                "  setpoint: { at: 40, type: u16, scale: 0.1, unit: A, write: single, invalid: 100 }"
            )
        ],
        [("range", "  range: { minimum: 5A, maximum: 81A, step: 0A }")],
        [("range", "  range: { minimum: 16A, maximum: 8A, step: 1A }")],
        [("range", "  range: { minimum: 6A, maximum: 8A, step: 4A }")],
        [("enabled", "  enabled: readback")],
        [("enabled", "  enabled: { register: mode, on: [1, 2], off: 2 }")],
        [("enabled", "  enabled: read-back\n  read-back: none")],
        [
            (
                "charge",
                "  charge: [ wait 2s, setpoint limit, setpoint = 6A, alive = limit, plug = 3 ]"
            )
        ],
        [("limit", "  limit: [ setpoint = 16A ]")],
        [("limit", "  limit: [ setpoint = limit, setpoint = 16A ]")],
        [("idle", "  idle: [ setpoint = limit ]")],
        [("idle", "  idle: [ setpoint = 8A ]")],
        [("idle", "  idle: [ wait 1s ]")],
        [("idle", "  idle: [ wait 2min ]")],
        [("idle", "  idle: []")],
        [("idle", "  idle: [ setpoint = 70000, alive = 0.1A ]")],
    ]

    private static let supervision: [Edits] = [
        [("heartbeat", "")],
        [("heartbeat", "heartbeat: { by: any-reed, timeout: 60s }")],
        [("heartbeat", "heartbeat: { by: none, timeout: 60s }")],
        [
            (
                "heartbeat",
                "heartbeat: { by: any-read, timeout: { register: plug, remaining: patience } }"
            )
        ],
        [("heartbeat", "heartbeat: { by: any-read, timeout: { register: plug, otherwise: 0s } }")],
        [("heartbeat", "heartbeat: { by: setpoint = limit, timeout: 1s }")],
        [("heartbeat", "heartbeat: { by: rewrite-failsafe-timeout, timeout: 1s }")],
        [
            ("heartbeat", "heartbeat: { by: rewrite-failsafe-timeout }"),
            ("timeout", "  timeout: 30s"),
        ],
        [("failsafe", "failsave:")],
        [("timeout", "  timeout: { write: fallback, read: patience, value: 1500ms }")],
        [("timeout", "  timeout: { write: patience, value: 1500ms }")],
        [("direction", "  direction: sideways")],
        [("current:", "  current: { read: fallback }")],
        [("fallback", "  fallback: { at: 42, type: u16, scale: 0.0001, unit: A, write: single }")],
        [
            (
                "accepts-zero",
                "  accepts-zero: yes\nidentity: { plug: 99999, mode: [idle, 7], power: { from: 3 }, currents: {} }"
            )
        ],
        [("accepts-zero", "  accepts-zero: yes\nidentity: [ 3 ]")],
    ]

    private static let yaml: [Edits] = [
        [
            ("plug", "  plug: { at: 11, type: u16, at: 12 }\n  plug: { at: 1 }"),
            ("title", "titl: x"),
        ],
        [("plug", "  plug: { at: 11, type: u16")],
        [("plug", "  plug: *x")],
        [("plug", "  [a, b]: 3\n  plug: { at: 11, type: u16 }")],
        [("plug", "\tplug: { at: 11, type: u16 }")],
        [("model", "model: [a]\n--- \nfoo: 1")],
        [("model", "model: \u{1}")],
    ]
}
