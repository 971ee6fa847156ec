import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

@testable import AgentAPI

@Suite struct SettingsTests {
    private static let path = "/ev-charger/device_ev_001/settings"

    @Test(arguments: [
        ("11", 11_000), ("0", 0), ("50", 50_000), ("50.0", 50_000), ("7.4", 7400), ("3.68", 3680),
        ("1e1", 10_000), ("7.3999999", 7399), ("0.0001", 0), ("8.2", 8200),
    ])
    func aRateWithinTheRangeIsWrittenRoundedDown(_ text: String, _ watts: Int) async throws {
        let harness = APIHarness()
        let answer = try await harness.post(
            Self.path, #"{"max_charge_rate":{"value":\#(text),"unit":"kw"}}"#,
            headers: [("Idempotency-Key", "k1")])
        #expect(answer.status == 200)
        #expect(
            try answer.data() == ["deviceId": "device_ev_001", "updated": ["max_charge_rate"]])
        let written = harness.service.recorded { $0.changed }
        #expect(written.map(\.maxChargeRate) == [Watts(watts)])
        #expect(written.first?.charger == Scene.first)
        #expect(written.first?.idempotency?.scope == "key_s POST \(Self.path)")
    }

    @Test(arguments: [
        ("{}", 400, "INVALID_REQUEST"), ("[]", 400, "INVALID_REQUEST"),
        (#"{"max_charge_rate":null}"#, 400, "INVALID_REQUEST"),
        (#"{"max_charge_rate":11}"#, 400, "INVALID_REQUEST"),
        (#"{"max_charge_rate":{}}"#, 400, "INVALID_REQUEST"),
        (#"{"max_charge_rate":{"value":11}}"#, 400, "INVALID_REQUEST"),
        (#"{"max_charge_rate":{"unit":"kw"}}"#, 400, "INVALID_REQUEST"),
        (#"{"max_charge_rate":{"value":"11","unit":"kw"}}"#, 400, "INVALID_REQUEST"),
        (#"{"max_charge_rate":{"value":true,"unit":"kw"}}"#, 400, "INVALID_REQUEST"),
        (#"{"max_charge_rate":{"value":null,"unit":"kw"}}"#, 400, "INVALID_REQUEST"),
        (#"{"max_charge_rate":{"value":11,"unit":1}}"#, 400, "INVALID_REQUEST"),
        (#"{"max_charge_rate":{"value":11,"unit":"kw","min":0}}"#, 400, "INVALID_REQUEST"),
        (#"{"max_charge_rate":{"value":NaN,"unit":"kw"}}"#, 400, "INVALID_REQUEST"),
        (#"{"max_charge_rate":{"value":11,"unit":"KW"}}"#, 422, "UNSUPPORTED_UNIT"),
        (#"{"max_charge_rate":{"value":11,"unit":"A"}}"#, 422, "UNSUPPORTED_UNIT"),
        (#"{"max_charge_rate":{"value":-0.0001,"unit":"kw"}}"#, 422, "SETTING_OUT_OF_RANGE"),
        (#"{"max_charge_rate":{"value":50.0001,"unit":"kw"}}"#, 422, "SETTING_OUT_OF_RANGE"),
        (#"{"max_charge_rate":{"value":1e300,"unit":"kw"}}"#, 422, "SETTING_OUT_OF_RANGE"),
        (#"{"min_charge_rate":{"value":11,"unit":"kw"}}"#, 422, "UNSUPPORTED_SETTING"),
        (
            #"{"max_charge_rate":{"value":11,"unit":"kw"},"boost":true}"#, 422,
            "UNSUPPORTED_SETTING"
        ),
    ])
    func r37_aBadSettingIsRefused(_ body: String, _ status: Int, _ code: String) async throws {
        let harness = APIHarness()
        let answer = try await harness.post(Self.path, body)
        #expect(answer.status == status)
        #expect(try answer.code == code)
        #expect(harness.service.recorded { $0.changed.isEmpty })
    }

    @Test func settingsAreOfVisibleChargersOnly() async throws {
        let answer = try await APIHarness().post(
            "/ev-charger/device_ev_003/settings",
            #"{"max_charge_rate":{"value":11,"unit":"kw"}}"#)
        #expect(try answer.code == "DEVICE_NOT_FOUND")
    }

    @Test(arguments: [
        ("50.0001", "`max_charge_rate` must be from 0 to 50 kw"),
        ("-1", "`max_charge_rate` must be from 0 to 50 kw"),
        ("7.361", "max_charge_rate of 7361 W is held to the 7360 W that the charger may draw"),
        ("7.36", nil), ("0", nil),
    ])
    func r44_aLimitThatIsNotAllowedIsNoted(_ value: String, _ reason: String?) async throws {
        let harness = APIHarness()
        _ = try await harness.post(
            Self.path, #"{"max_charge_rate":{"value":\#(value),"unit":"kw"}}"#)
        let refused = reason.map {
            SecurityEvent(.limitRefused(charger: Scene.first, reason: $0), at: Scene.now)
        }
        #expect(harness.events.all == (refused.map { [$0] } ?? []))
    }

    @Test func r44_whatIsWrongForOtherReasonsIsNoRefusedLimit() async throws {
        let harness = APIHarness()
        for body in ["{}", #"{"max_charge_rate":{"value":60,"unit":"A"}}"#, #"{"boost":60}"#] {
            _ = try await harness.post(Self.path, body)
        }
        #expect(harness.events.all == [])
    }
}
