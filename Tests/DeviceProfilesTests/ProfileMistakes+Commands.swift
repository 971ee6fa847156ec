/// Mistakes in what a wallbox is told: commands, watts, signs of life, what must never be written.
extension ProfileMistakes {
    static let commands: [Edits] = [
        // Steps.
        [("idle", "  idle: [ setpoint zero, plug set 1, alive set 1, setpoint = 0 ]")],
        [("idle", "  idle: [ patience set 0, patience clear 0x1_0000, setpoint = 0 ]")],
        [("idle", "  idle: [ setpoint clear 0xFF, setpoint = 0 ]")],
        [("idle", "  idle: [ setpoint = 0, { until: { mode: idle } } ]")],
        [("idle", "  idle: [ setpoint = 0, { until: { mode: idel, alive: 1 }, within: 10min } ]")],
        [("idle", "  idle: [ setpoint = 0, { until: {}, within: 10s } ]")],
        [("idle", "  idle: [ { if: { setpoint: 0 }, do: [ setpoint = 0 ] } ]")],
        [("idle", "  idle: [ { if: { setpoint: 0 } }, setpoint = 0 ]")],
        [
            (
                "idle",
                "  idle: [ { if: { setpoint: 0 }, do: [ { if: { mode: idle }, do: [ wait 1s ] } ] }, setpoint = 0 ]"
            )
        ],
        // A forced edge: only in idle, only the minimum, only with off after it.
        [("idle", "  idle: [ { if: { setpoint: 0 }, do: [ setpoint = 10A ] }, setpoint = 0 ]")],
        [("idle", "  idle: [ setpoint = 0, { if: { setpoint: 0 }, do: [ setpoint = 6A ] } ]")],
        [("idle", "  idle: [ setpoint = 6A, wait 1s, setpoint = 0 ]")],
        [
            (
                "charge",
                "  charge: [ { if: { setpoint: 0 }, do: [ setpoint = 6A ] }, setpoint = limit ]"
            )
        ],
        [("idle", "  idle: [ { if: { mode: idle }, do: [ setpoint = limit ] }, setpoint = 0 ]")],
        // Further commands.
        [("idle", "  idle: [ setpoint = 0 ]\n  on-connect: [ setpoint = 0, alive = 1 ]")],
        [("idle", "  idle: [ setpoint = 0 ]\n  on-connect: [ setpoint = limit ]")],
        [("idle", "  idle: [ setpoint = 0 ]\n  on-disconnect: [ setpoint = limit ]")],
        [("idle", "  idle: [ setpoint = 0 ]\n  on-disconnect: [ setpoint = 16A ]")],
        [("idle", "  idle: [ setpoint = 0 ]\n  wake-up: [ setpoint = limit, setpoint = 0 ]")],
        [("idle", "  idle: [ setpoint = 0 ]\n  phase-switch: [ alive = 1 ]")],
        [
            (
                "idle",
                "  idle: [ setpoint = 0 ]\n  phase-switch: { one: [ alive = 1 ], three: [ alive = 3 ] }"
            )
        ],
        [
            (
                "idle",
                "  idle: [ setpoint = 0 ]\n  phase-switch: { one: [ patience = 1 ], three: [ patience = 1 ] }"
            )
        ],
        // Off.
        [("idle", "  idle: [ setpoint = 0 ]\n  off: 100")],
        [
            ("idle", "  idle: [ setpoint = 0 ]\n  off: 1\n  read-back: none"),
            ("enabled", "  enabled: memory"),
        ],
        // What is not on every unit.
        [
            (
                "setpoint",
                "  setpoint: { at: 40, type: u16, scale: 0.1, unit: A, write: single, optional: yes }"
            )
        ],
        [
            (
                "setpoint",
                "  setpoint: { at: 40, type: u16, scale: 0.1, unit: A, write: single, if: { model: 1 } }\n  model: { at: 50, type: u16, poll: once }"
            )
        ],
        [
            ("enabled", "  enabled: read-back\n  read-back: offered"),
            (
                "plug",
                "  plug: { at: 11, type: u16 }\n  offered: { at: 44, type: u16, scale: 0.1, unit: A, optional: yes }"
            ),
        ],
        [
            ("enabled", "  enabled: { register: release, on: 1, off: 0 }"),
            (
                "plug",
                "  plug: { at: 11, type: u16 }\n  release: { at: 44, type: u16, write: single, optional: yes }"
            ),
        ],
        [
            ("idle", "  idle: [ release = 0 ]"),
            (
                "plug",
                "  plug: { at: 11, type: u16 }\n  release: { at: 44, type: u16, write: single, optional: yes }"
            ),
        ],
        // Signs of life.
        [("heartbeat", "heartbeat: { by: [], timeout: 60s }")],
        [("heartbeat", "heartbeat: { by: [ none, alive = 1 ], timeout: 60s }")],
        [("heartbeat", "heartbeat: { by: [ alive = 1, alive = 1 ], every: 30s, timeout: 60s }")],
        [("heartbeat", "heartbeat: { by: [ alive = 1, rewrite-failsafe-timeout ], timeout: 60s }")],
        [("heartbeat", "heartbeat: { by: none, every: 3s }"), ("alive", "")],
        [
            ("heartbeat", "heartbeat: { by: [ alive = 1, rewrite-setpoint ], timeout: 60s }"),
            (
                "setpoint",
                "  setpoint: { at: 40, type: u16, scale: 0.1, unit: A, write: single, persistence: retentive }"
            ),
        ],
        // Failsafe.
        [("accepts-zero", "  arm: [ setpoint = limit ]\n  armed: { alive: 1 }")],
        [("accepts-zero", "  arm: [ setpoint = 0 ]\n  armed: {}")],
    ]

    static let watts: [Edits] = [
        [("range", "  range: { minimum: 6A, maximum: 32A, step: 1A }\n  nominal-voltage: 230V")],
        inWatts("alive", "  alive: { at: 41, type: u16, read: no, write: single }"),
        inWatts(
            "range", "  range: { minimum: 6A, maximum: 32A, step: 1A }\n  nominal-voltage: 12V"),
        inWatts(bands: "[]"),
        inWatts(bands: "[ { from: 1kW, to: 2kW, phases: 2 }, { from: 5kW, to: 3kW, phases: 3 } ]"),
        inWatts(bands: "[ { from: 1kW, to: 4kW, phases: 1 }, { from: 4kW, to: 9kW, phases: 3 } ]"),
        inWatts(bands: "[ { from: 0W, to: 4A, phase: 1 } ]"),
        inWatts(
            "electrical", "electrical: { phases: 1 }",
            bands: "[ { from: 4kW, to: 9kW, phases: 3 } ]"),
        inWatts("current:", "  current: patience"),
        inWatts("idle", "  idle: [ setpoint = 1380W ]"),
        inWatts("currents", ""),
        // Amperes and watts at once.
        [
            ("setpoint", "  setpoint: { at: 40, type: u16, unit: W, write: single }"),
            (
                "range",
                "  range: { minimum: 6A, maximum: 32A, step: 1A }\n  nominal-voltage: 230V"
            ),
            ("charge", "  charge: [ fallback = limit, setpoint = limit ]"),
        ],
    ]

    /// The sample profile, set in watts, with a mistake.
    private static func inWatts(
        _ line: String = "title", _ with: String = "title: Acme Box", bands: String? = nil
    ) -> Edits {
        let range = "  range: { minimum: 6A, maximum: 32A, step: 1A }"
        let edits: Edits = [
            ("setpoint", "  setpoint: { at: 40, type: u16, unit: W, write: single }"),
            (
                "range",
                line == "alive"
                    ? range
                    : range + "\n  nominal-voltage: 230V" + (bands.map { "\n  bands: \($0)" } ?? "")
            ),
            ("current:", ""), ("accepts-zero", ""), ("fallback", ""),
        ]
        // "currents" begins with a register's name, and "current:" is a line of the failsafe.
        return edits.filter { $0.line != line } + [(line, with)]
    }

    static let denials: [Edits] = [
        [("accepts-zero", "  accepts-zero: yes\ndeny: []")],
        [("accepts-zero", "  accepts-zero: yes\ndeny: [ { at: 40 }, { from: 41, to: 43 } ]")],
        [
            (
                "accepts-zero",
                "  accepts-zero: yes\ndeny: [ { at: 40, value: 100 }, { at: 41, value: 0x55AA } ]"
            )
        ],
        [
            (
                "accepts-zero",
                "  accepts-zero: yes\ndeny: [ { at: 42, value: 0 }, { at: 43, value: 60 } ]"
            )
        ],
        [
            (
                "accepts-zero",
                "  accepts-zero: yes\ndeny: [ { at: 5, to: 6, space: input }, { to: 3 } ]"
            )
        ],
        [
            (
                "accepts-zero",
                "  accepts-zero: yes\ndeny: [ { from: 9, to: 6 }, { at: 70000, value: -1 } ]"
            )
        ],
        [
            ("accepts-zero", "  accepts-zero: yes\nmanners: { unknown-register: exception-9 }")
        ],
        [
            (
                "accepts-zero",
                "  accepts-zero: yes\nmanners: { ignores: yes, reads-zero-as-minimum: 1 }"
            )
        ],
    ]
}
