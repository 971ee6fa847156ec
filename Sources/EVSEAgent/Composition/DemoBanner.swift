/// What the demo prints when it is up: where it is, the key, and lines that work when pasted.
struct DemoBanner {
    var address: String
    var key: String
    var directory: String
    var modbusPorts: [Int]
    var controlPort: Int

    var text: String {
        """

        evse-agent demo: two simulated wallboxes, driven over Modbus TCP
          API      \(address)
          key      \(key)
                   (also in \(directory)/demo.key)
          Modbus   \(DemoScene.first) at 127.0.0.1:\(modbusPorts[0]), \
        \(DemoScene.second) at 127.0.0.1:\(modbusPorts[1])

        Try, in another terminal:

          KEY=$(cat \(directory)/demo.key)
          # both chargers
          curl -s -H "x-api-key: $KEY" \(address)/ev-charger
          # one, read from the wallbox now
          curl -s -H "x-api-key: $KEY" '\(address)/ev-charger/\(DemoScene.first)?expedite=true'
          # stop charging
          curl -s -H "x-api-key: $KEY" -H 'content-type: application/json' -d '{"action":{"command":"idle"}}' \(address)/ev-charger/\(DemoScene.first)
          # watch what happens
          curl -sN -H "x-api-key: $KEY" \(address)/events
          # plug a vehicle into the second wallbox
          curl -s -X POST http://127.0.0.1:\(controlPort)/plug

        Ctrl-C ends it.

        """
    }
}
