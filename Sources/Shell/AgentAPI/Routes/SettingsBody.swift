import ChargeModel

/// The body of `POST /ev-charger/{id}/settings`.
struct SettingsBody: Hashable {
    let maxChargeRate: Watts

    init(_ json: JSON) throws(APIError) {
        var body = try FieldReader(json)
        let unknown = body.names.filter { $0 != ChargeRateSetting.name }
        guard unknown.isEmpty else { throw .unsupportedSettings(unknown) }
        guard !body.names.isEmpty else {
            throw .invalid("body", "must have at least one setting")
        }
        var setting = try body.object(ChargeRateSetting.name)
        let value = try setting.number("value")
        let unit = try setting.string("unit")
        try setting.finish()
        try body.finish()
        guard unit == ChargeRateSetting.unit else { throw .unsupportedUnit(unit) }
        let range = ChargeRateSetting.range
        guard value.isThousandths(in: range.lowerBound.rawValue...range.upperBound.rawValue),
            let watts = value.thousandths
        else { throw .settingOutOfRange }
        maxChargeRate = Watts(watts)
    }
}

extension APIError {
    fileprivate static func unsupportedSettings(_ names: [String]) -> APIError {
        APIError(
            .unsupportedSetting,
            "this charger has no such setting; it has: \(ChargeRateSetting.name)",
            details: [
                "unsupportedSettings": .strings(names.map { $0.prefix(ofScalars: 128) }),
                "supportedSettings": [.string(ChargeRateSetting.name)],
            ])
    }

    fileprivate static func unsupportedUnit(_ unit: String) -> APIError {
        APIError(
            .unsupportedUnit, "`\(ChargeRateSetting.name)` is in `\(ChargeRateSetting.unit)`",
            details: [
                "setting": .string(ChargeRateSetting.name), "unit": .string(unit),
                "supportedUnits": [.string(ChargeRateSetting.unit)],
            ])
    }

    fileprivate static var settingOutOfRange: APIError {
        let range = ChargeRateSetting.range
        let least = range.lowerBound.kilowatts(decimals: 3)
        let most = range.upperBound.kilowatts(decimals: 3)
        return APIError(
            .settingOutOfRange,
            "`\(ChargeRateSetting.name)` must be from \(least) to \(most) \(ChargeRateSetting.unit)",
            details: [
                "setting": .string(ChargeRateSetting.name), "min": .number(least),
                "max": .number(most), "unit": .string(ChargeRateSetting.unit),
            ])
    }
}
