import NIOCore
import Testing

@testable import AgentAPI

@Suite struct ServerSourceAddressTests {
    @Test(arguments: [
        ("192.168.1.20", "192.168.1.20"), ("::1", "::1"), ("fe80::1", "fe80::1"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
    ])
    func aSourceIsTheAddressWithoutThePort(address: String, text: String) throws {
        let one = SourceAddress(try SocketAddress(ipAddress: address, port: 1))
        let other = SourceAddress(try SocketAddress(ipAddress: address, port: 2))
        #expect(one == other)
        #expect(one.description == text)
    }

    @Test func sourcesWithoutAnAddressAreOneSource() throws {
        #expect(SourceAddress(nil as SocketAddress?) == SourceAddress(nil as SocketAddress?))
        #expect(SourceAddress(try SocketAddress(unixDomainSocketPath: "/x")).description == "local")
    }
}
