import HTTPTypes
import Testing

@testable import AgentAPI

/// Pages of other sites get nothing, whatever they ask for.
@Suite struct R35SiteTests {
    private static let ours = SiteCheck(names: ["Wallbox-Pi.local"])

    @Test(arguments: [
        "127.0.0.1", "127.0.0.1:8080", "127.9.9.9", "192.168.1.20:80", "[::1]", "[::1]:8080",
        "[fe80::1]", "[::ffff:127.0.0.1]:65535", "localhost", "LocalHost:8080", "localhost.",
        "localhost:", "wallbox-pi.local", "WALLBOX-PI.LOCAL:8080", "wallbox-pi.local.:8080",
    ])
    func ownNamesAndAddressesAreAnswered(_ host: String) async throws {
        let harness = APIHarness(site: Self.ours)
        let answer = try await harness.ask("GET", "/ev-charger", host: host)
        #expect(answer.status == 200)
        for scheme in ["http", "https", "HTTP"] {
            let answer = try await harness.ask(
                "GET", "/ev-charger", headers: [("Origin", "\(scheme)://\(host)")], host: host)
            #expect(answer.status == 200)
        }
    }

    @Test func aRequestWithoutHostIsAnswered() async throws {
        #expect(try await APIHarness().ask("GET", "/ev-charger", host: nil).status == 200)
    }

    @Test(arguments: [
        "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example",
        "xlocalhost", "wallbox-pi", "wallbox-pi.local.evil.example", "wallbox-pi.local..", "",
        ":8080", "127.0.0.1:x", "127.0.0.1:8080:8080", "127.0.0.1:123456", "127.1", "2130706433",
        "0x7f.0.0.1", "0177.0.0.1", "::1", "[::1", "[127.0.0.1]", "[evil.example]", "[]",
        "localhost@evil.example", "evil.example#localhost", "localhost, evil.example", "ⅼocalhost",
    ])
    func foreignNamesAreRefused(_ host: String) async throws {
        let answer = try await APIHarness(site: Self.ours).ask("GET", "/ev-charger", host: host)
        #expect(answer.status == 403)
        #expect(try answer.code == "HOST_NOT_ALLOWED")
    }

    @Test(arguments: [
        "null", "", "http://evil.example", "https://127.0.0.1.evil.example",
        "http://127.0.0.1:8080",
        "http://127.0.0.1/", "http://127.0.0.1@evil.example", "127.0.0.1", "file://127.0.0.1",
        "ftp://127.0.0.1", "chrome-extension://127.0.0.1", "http://localhost",
        "http://127.0.0.1 http://evil.example", "http://127.0.0.2",
    ])
    func foreignOriginsAreRefused(_ origin: String) async throws {
        let answer = try await APIHarness().ask(
            "GET", "/ev-charger", headers: [("Origin", origin)])
        #expect(answer.status == 403)
        #expect(try answer.code == "ORIGIN_NOT_ALLOWED")
    }

    @Test func twoOriginsOrOneWithoutAHostAreRefused() async throws {
        let harness = APIHarness()
        let origin = ("Origin", "http://127.0.0.1")
        let twice = try await harness.ask("GET", "/ev-charger", headers: [origin, origin])
        #expect(twice.status == 403)
        let hostless = try await harness.ask("GET", "/ev-charger", headers: [origin], host: nil)
        #expect(hostless.status == 403)
    }

    /// Every route, and what is no route, with and without a key: nothing is done and nothing told.
    @Test func nothingAnswersAnotherSite() async throws {
        let harness = APIHarness.unlimited()
        let paths = AgentRouter.table.routes.map { route in
            (route.method.rawValue, route.pattern.replacing("{id}", with: "device_ev_001"))
        }
        for (method, path) in paths + [("GET", "/nothing"), ("OPTIONS", "/ev-charger")] {
            for key in [nil, Scene.sandboxKey] {
                let body = method == "POST" || method == "PUT" ? "{}" : nil
                let rebound = try await harness.ask(
                    method, path, key: key, body: body, host: "evil.example")
                let crossing = try await harness.ask(
                    method, path, key: key, headers: [("Origin", "http://evil.example")],
                    body: body)
                for answer in [rebound, crossing] {
                    #expect(answer.status == 403, "\(method) \(path)")
                    #expect(!answer.headers.contains { $0.name.canonicalName.hasPrefix("access-") })
                }
            }
        }
        #expect(harness.service.recorded { $0.pushed.isEmpty && $0.schedules.isEmpty })
    }

    @Test func noAnswerAllowsOtherSites() async throws {
        let harness = APIHarness.unlimited()
        for (method, path) in [("GET", "/ev-charger"), ("OPTIONS", "/ev-charger"), ("GET", "/x")] {
            let answer = try await harness.ask(
                method, path, headers: [("Origin", "http://127.0.0.1")])
            #expect(!answer.headers.contains { $0.name.canonicalName.hasPrefix("access-") })
        }
    }
}
