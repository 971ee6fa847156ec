import ArgumentParser
import DeviceProfiles
import WallboxModel

/// What a simulated wallbox has of its map, and how strict it is with it.
struct MapOptions: ParsableArguments {
    @Option(help: "The firmware to show; without it one that has as much of the map as can be.")
    var firmware: String?

    @Option(
        help: """
            A register that holds a value from the start, as NAME=VALUE: the raw number (10, 0x0A), \
            or the text of a register that has one. Repeatable.
            """)
    var preset: [String] = []

    @Option(help: "A register that this wallbox does not have. Repeatable.")
    var missing: [String] = []

    @Flag(help: "Leave requests unanswered that come sooner than the profile allows.")
    var strictGap = false

    func wallboxOptions(_ profile: DeviceProfile) throws -> WallboxOptions {
        var options = WallboxOptions()
        options.firmware = firmware
        options.keepsRequestGap = strictGap
        options.missing = try missing.map { try register($0, "--missing", profile) }
        options.presets = try preset.map { try wallboxPreset($0, profile) }
        return options
    }

    private func register(
        _ name: String, _ option: String, _ profile: DeviceProfile
    ) throws -> RegisterID {
        guard let id = profile.register(named: name) else {
            throw ValidationError("\(option) \(name): \(profile.id) has no register of that name")
        }
        return id
    }

    private func wallboxPreset(
        _ text: String, _ profile: DeviceProfile
    ) throws -> WallboxOptions.Preset {
        guard let sign = text.firstIndex(of: "=") else {
            throw ValidationError("--preset \(text): give NAME=VALUE, such as layout=0x0108")
        }
        let id = try register(String(text[..<sign]), "--preset", profile)
        let value = String(text[text.index(after: sign)...])
        let raw: RawValue? =
            profile[id].type.isText
            ? .text(value) : UInt64(preset: value).map { .number($0) }
        guard let raw, profile[id].encode(raw) != nil else {
            throw ValidationError(
                "--preset \(text): \(value) does not fit the register; give its raw value")
        }
        return WallboxOptions.Preset(id, raw)
    }
}

extension UInt64 {
    /// Decimal, or hexadecimal behind 0x.
    fileprivate init?(preset text: String) {
        if text.lowercased().hasPrefix("0x") {
            self.init(text.dropFirst(2), radix: 16)
        } else {
            self.init(text)
        }
    }
}
