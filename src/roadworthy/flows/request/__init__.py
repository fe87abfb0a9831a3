"""The parts of the request line; `request_path`, beside this room, is their order."""
