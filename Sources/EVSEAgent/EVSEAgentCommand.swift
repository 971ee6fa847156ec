import ArgumentParser

@main
struct EVSEAgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "evse-agent")
}
