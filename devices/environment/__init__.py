"""Environment loggers: Modbus RTU and TCP, MQTT, files; each with what simulates it."""
