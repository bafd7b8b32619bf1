# SPDX-License-Identifier: Apache-2.0
"""The Kustomize base: what is common, the registry, the set-up, and a file for each consumer."""

INSTANCES = 2  # of each consumer; a group has work for as many as its topics have partitions

COMMON = """\
# What all pods share. Nothing of Millrace asks Kubernetes for anything, so no pod has a token.
apiVersion: v1
kind: ServiceAccount
metadata:
  name: millrace
  labels: {app.kubernetes.io/part-of: millrace}
automountServiceAccountToken: false
---
# Only pods of Millrace reach the registry%(who)s. Where pods go to (Kafka,
# PostgreSQL, mail) is another cluster's matter each time: an overlay narrows it.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: millrace
  labels: {app.kubernetes.io/part-of: millrace}
spec:
  podSelector:
    matchLabels: {app.kubernetes.io/part-of: millrace}
  policyTypes: [Ingress]
  ingress:
    - from:
        - podSelector:
            matchLabels: {app.kubernetes.io/part-of: millrace}
      ports:
        - {port: registry, protocol: TCP}
%(scrape)s"""

SCRAPE = """\
    - from:
        - namespaceSelector: {}
      ports:
        - {port: metrics, protocol: TCP}
"""

REGISTRY = """\
# The schema registry on the topic _schemas: one pod leads, the other answers reads and takes over.
apiVersion: v1
kind: Service
metadata:
  name: millrace-registry
  labels: {app.kubernetes.io/name: millrace-registry, app.kubernetes.io/part-of: millrace}
spec:
  selector: {app.kubernetes.io/name: millrace-registry}
  ports:
    - {name: registry, port: 8081, targetPort: registry, protocol: TCP}
---
# By its own name each pod is reached by the other one, also before it is ready.
apiVersion: v1
kind: Service
metadata:
  name: millrace-registry-pods
  labels: {app.kubernetes.io/name: millrace-registry, app.kubernetes.io/part-of: millrace}
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector: {app.kubernetes.io/name: millrace-registry}
  ports:
    - {name: registry, port: 8081, targetPort: registry, protocol: TCP}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: millrace-registry
  labels: {app.kubernetes.io/name: millrace-registry, app.kubernetes.io/part-of: millrace}
spec:
  serviceName: millrace-registry-pods
  replicas: 2
  podManagementPolicy: Parallel
  selector:
    matchLabels: {app.kubernetes.io/name: millrace-registry}
  template:
    metadata:
      labels: {app.kubernetes.io/name: millrace-registry, app.kubernetes.io/part-of: millrace}
    spec:
%(pod)s
      terminationGracePeriodSeconds: 20
      containers:
        - name: registry
          image: millrace
          # --insecure: the network policy says who reaches it; docs/registry.md has TLS and users.
          args: [millrace, registry, serve, --store, kafka, --listen, ":8081", --insecure,
                 --advertise, "http://$(POD_NAME).millrace-registry-pods:8081"]
          envFrom:
            - configMapRef: {name: millrace}
          env:
            - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
          ports:
            - {name: registry, containerPort: 8081, protocol: TCP}
          startupProbe:
            httpGet: {path: /healthz, port: registry}
            periodSeconds: 2
            failureThreshold: 60
          livenessProbe:
            httpGet: {path: /healthz, port: registry}
            periodSeconds: 10
            failureThreshold: 6
          readinessProbe:
            httpGet: {path: /readyz, port: registry}
            periodSeconds: 5
          resources:
            requests: {cpu: 50m, memory: 32Mi}
            limits: {memory: 512Mi}
%(container)s
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: millrace-registry
  labels: {app.kubernetes.io/name: millrace-registry, app.kubernetes.io/part-of: millrace}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {app.kubernetes.io/name: millrace-registry}
"""

SETUP = """\
# Schemas of the database, topics, schemas of the registry; safe to run again. A job is never changed: delete it first
# when one is still there (it goes by itself after ten minutes).
apiVersion: batch/v1
kind: Job
metadata:
  name: millrace-setup
  labels: {app.kubernetes.io/name: millrace-setup, app.kubernetes.io/part-of: millrace}
spec:
  backoffLimit: 20
  ttlSecondsAfterFinished: 600
  template:
    metadata:
      labels: {app.kubernetes.io/name: millrace-setup, app.kubernetes.io/part-of: millrace}
    spec:
%(pod)s
      restartPolicy: OnFailure
      initContainers:
        - name: stores
          image: millrace
          args: [millrace, store, create, -F, /run/millrace/store.conf]
          envFrom:
            - configMapRef: {name: millrace}
          volumeMounts:
            - {name: store, mountPath: /run/millrace, readOnly: true}
          resources: &resources
            requests: {cpu: 50m, memory: 32Mi}
            limits: {memory: 256Mi}
%(container)s
        - name: topics
          image: millrace
          args: [millrace, topics, create]
          envFrom:
            - configMapRef: {name: millrace}
          resources: *resources
%(container)s
      containers:
        - name: schemas
          image: millrace
          args: [millrace, schema, register]
          envFrom:
            - configMapRef: {name: millrace}
          resources: *resources
%(container)s
      volumes:
        - {name: store, secret: {secretName: millrace-store, defaultMode: 0440}}
"""

CONSUMER = """\
# Reads %(n)d topics: %(topics)s
apiVersion: v1
kind: Service
metadata:
  name: %(name)s
  labels: {app.kubernetes.io/name: %(name)s, app.kubernetes.io/part-of: millrace}
spec:
  clusterIP: None
  selector: {app.kubernetes.io/name: %(name)s}
%(service_ports)s---
# A StatefulSet, so that a pod that comes back is the member of the group that it was: no rebalance.
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: %(name)s
  labels: {app.kubernetes.io/name: %(name)s, app.kubernetes.io/component: consumer, app.kubernetes.io/part-of: millrace}
spec:
  serviceName: %(name)s
  replicas: %(instances)d
  podManagementPolicy: Parallel
  selector:
    matchLabels: {app.kubernetes.io/name: %(name)s}
  template:
    metadata:
      labels: {app.kubernetes.io/name: %(name)s, app.kubernetes.io/component: consumer, app.kubernetes.io/part-of: millrace}
    spec:
%(pod)s
      # longer than MILLRACE_DRAIN_TIMEOUT
      terminationGracePeriodSeconds: 40
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {app.kubernetes.io/name: %(name)s}
      containers:
        - name: consumer
          image: millrace
          args: [%(program)s, %(member)s]
          envFrom:
            - configMapRef: {name: millrace}
          env:
            - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
            - {name: MILLRACE_CONFIG, value: /run/millrace/store.conf}
            - {name: MILLRACE_DRAIN_TIMEOUT, value: 20s}
            - {name: PGOPTIONS, value: -csearch_path=%(schema)s}
%(health)s          volumeMounts:
            - {name: store, mountPath: /run/millrace, readOnly: true}
          resources:
            requests: {cpu: 50m, memory: 32Mi}
            limits: {memory: 256Mi}
%(container)s
      volumes:
        - {name: store, secret: {secretName: millrace-store, defaultMode: 0440}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: %(name)s
  labels: {app.kubernetes.io/name: %(name)s, app.kubernetes.io/part-of: millrace}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {app.kubernetes.io/name: %(name)s}
"""

# How a pod says which member of the group it is, by whether programs have an option for it.
MEMBER = {True: "--instance, $(POD_NAME)", False: "-X, group.instance.id=$(POD_NAME), -X, session.timeout.ms=45000"}

HEALTH = """\
            - {name: MILLRACE_METRICS, value: ":9100"}
          ports:
            - {name: metrics, containerPort: 9100, protocol: TCP}
          startupProbe:
            httpGet: {path: /healthz, port: metrics}
            periodSeconds: 2
            failureThreshold: 60
          livenessProbe:
            httpGet: {path: /healthz, port: metrics}
            periodSeconds: 10
            failureThreshold: 6
          readinessProbe:
            httpGet: {path: /readyz, port: metrics}
            periodSeconds: 5
"""

PORTS = """\
  ports:
    - {name: metrics, port: 9100, targetPort: metrics, protocol: TCP}
"""

POD = """\
      serviceAccountName: millrace
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        seccompProfile: {type: RuntimeDefault}"""

CONTAINER = """\
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}"""

KUSTOMIZATION = """\
# kubectl apply -k of this, or better of an overlay that says which image, which brokers, how many; docs/operations.md.
# The secret millrace-store (store.conf: store = postgresql://...) is made beside it and not kept here.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
%(resources)s
images:
  - {name: millrace, newName: millrace, newTag: latest}
configMapGenerator:
  - name: millrace
    literals:
      - MILLRACE_BROKERS=kafka:9092
      - MILLRACE_REGISTRY=http://millrace-registry:8081
"""


def files(services):
    common = {"pod": POD, "container": CONTAINER}
    health = any(service.has_health for service in services)
    made = {
        "common.yaml": COMMON % {"scrape": SCRAPE if health else "", "who": ", all pods of the cluster the metrics" if health else ""},
        "registry.yaml": REGISTRY % common,
        "setup.yaml": SETUP % common,
    }
    for service in services:
        made[f"{service.program}.yaml"] = CONSUMER % {
            **common, "name": service.program, "program": service.program, "schema": service.schema,
            "member": MEMBER[service.has_instance], "n": len(service.topics), "topics": listed(service.topics), "instances": min(INSTANCES, service.most),
            "health": HEALTH if service.has_health else "", "service_ports": PORTS if service.has_health else ""}
    made["kustomization.yaml"] = KUSTOMIZATION % {"resources": "\n".join(f"  - {name}" for name in sorted(made))}
    return made


def listed(topics):
    """The topics' names, a few a line."""
    return ",\n#   ".join(", ".join(topics[i:i + 3]) for i in range(0, len(topics), 3))
