# SPDX-License-Identifier: Apache-2.0
"""The compose file: Apache Kafka, registry, PostgreSQL, and a service for each consumer."""

TOP = """\
# Everything on one machine; docs/operations.md walks through it. Secrets are files beside this one, which git does not
# have: secrets/postgres-password (the password alone), secrets/store.conf (store = postgresql://...).
name: millrace

x-program: &program
  image: ${MILLRACE_IMAGE:-millrace:latest}
  user: "10001:10001"
  read_only: true
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]
  networks: [millrace]

x-cluster: &cluster
  MILLRACE_BROKERS: kafka:9092
  MILLRACE_REGISTRY: http://registry:8081

x-store: &store
  <<: *cluster
  MILLRACE_CONFIG: /run/secrets/store
  MILLRACE_DRAIN_TIMEOUT: 20s
  # PostgreSQL is on this machine's own network; elsewhere leave it out: TLS with a verified name is the default.
  PGSSLMODE: disable
%(health_env)s
x-consumer: &consumer
  <<: *program
  restart: unless-stopped
  stop_grace_period: 40s
  secrets: [store]
  depends_on:
    setup: {condition: service_completed_successfully}
    registry: {condition: service_healthy}
    postgres: {condition: service_healthy}
%(health)s
services:
  kafka:
    image: apache/kafka:4.3.0
    restart: unless-stopped
    stop_grace_period: 60s
    networks: [millrace]
    ports: ["127.0.0.1:${MILLRACE_KAFKA_PORT:-9094}:9094"]
    volumes: ["kafka:/var/lib/kafka/data"]
    environment:
      KAFKA_NODE_ID: 1
      KAFKA_PROCESS_ROLES: broker,controller
      KAFKA_CONTROLLER_QUORUM_VOTERS: 1@kafka:9093
      KAFKA_CONTROLLER_LISTENER_NAMES: CONTROLLER
      KAFKA_LISTENERS: PLAINTEXT://:9092,CONTROLLER://:9093,HOST://:9094
      KAFKA_ADVERTISED_LISTENERS: PLAINTEXT://kafka:9092,HOST://127.0.0.1:${MILLRACE_KAFKA_PORT:-9094}
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,HOST:PLAINTEXT
      KAFKA_INTER_BROKER_LISTENER_NAME: PLAINTEXT
      KAFKA_LOG_DIRS: /var/lib/kafka/data
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: 1
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: 1
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: 1
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false"
    healthcheck:
      test: ["CMD", "/opt/kafka/bin/kafka-broker-api-versions.sh", "--bootstrap-server", "kafka:9092"]
      interval: 15s
      timeout: 10s
      retries: 10
      start_period: 60s
      start_interval: 3s

  postgres:
    image: postgres:15-bookworm
    restart: unless-stopped
    stop_grace_period: 60s
    shm_size: 128mb
    command: ["postgres", "-c", "max_connections=%(connections)d"]
    networks: [millrace]
    volumes: ["postgres:/var/lib/postgresql/data"]
    secrets: [postgres-password]
    environment:
      POSTGRES_USER: millrace
      POSTGRES_DB: millrace
      POSTGRES_PASSWORD_FILE: /run/secrets/postgres-password
    healthcheck:
      test: ["CMD", "pg_isready", "-q", "-U", "millrace", "-d", "millrace"]
      interval: 10s
      timeout: 5s
      retries: 10
      start_period: 60s
      start_interval: 1s

  registry:
    <<: *program
    restart: unless-stopped
    stop_grace_period: 20s
    ports: ["127.0.0.1:${MILLRACE_REGISTRY_PORT:-8081}:8081"]
    # --insecure: only this machine and the containers of this network reach it.
    command: [millrace, registry, serve, --store, kafka, --listen, ":8081", --insecure]
    environment:
      MILLRACE_BROKERS: kafka:9092
    depends_on:
      kafka: {condition: service_healthy}
    healthcheck:
      test: ["CMD", "bash", "-c", "%(ask_registry)s"]
      interval: 10s
      timeout: 5s
      retries: 6
      start_period: 60s
      start_interval: 1s

  # Places for the stores, topics and schemas; safe to run again, and run again by every `up`.
  setup:
    <<: *program
    command: [sh, -c, "millrace store create -F /run/secrets/store && millrace topics create && millrace schema register"]
    environment:
      <<: *cluster
      PGSSLMODE: disable
    secrets: [store]
    depends_on:
      registry: {condition: service_healthy}
      postgres: {condition: service_healthy}

  # docker compose run --rm -T tool order-management-producer < orders.ndjson
  tool:
    <<: *program
    profiles: [tool]
    init: true
    command: [millrace, --help]
    environment: *cluster
"""

BOTTOM = """
networks:
  millrace: {}

volumes:
  kafka: {}
  postgres: {}

secrets:
  postgres-password: {file: ./secrets/postgres-password}
  store: {file: ./secrets/store.conf}
"""

HEALTH = """\
  healthcheck:
    test: ["CMD", "bash", "-c", "%s"]
    interval: 10s
    timeout: 5s
    retries: 6
    start_period: 60s
    start_interval: 1s
"""


def ask(port):
    """A question that the image can put without a program for it; compose wants $ twice."""
    return (f"exec 3<>/dev/tcp/127.0.0.1/{port} && printf 'GET /readyz HTTP/1.0\\\\r\\\\n\\\\r\\\\n' >&3 && "
            "read -r _ status _ <&3 && test $$status = 200")


def text(services):
    health = any(service.has_health for service in services)
    out = TOP % {
        "ask_registry": ask(8081), "connections": 40 + 2 * len(services),
        "health": HEALTH % ask(9100) if health else "",
        "health_env": "  MILLRACE_METRICS: 127.0.0.1:9100\n" if health else ""}
    for service in services:
        out += f"""
  {service.name}:
    <<: *consumer
    command: [{service.program}]
    environment:
      <<: *store
      PGOPTIONS: -csearch_path={service.schema}
"""
    return out + BOTTOM
