import Hummingbird

/// What the framework keeps with a request, and where the request comes from.
package struct AgentRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The address of the other end, without the port.
    package let source: String

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        self.source = SourceAddress(source.channel).description
    }
}
