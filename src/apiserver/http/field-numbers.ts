// Owns the numbers that fields go by in protobuf bodies. Source: the generated.proto files of the Kubernetes API.

/** Schema to the names of its fields, each with its number. Kinds whose tables are missing are not read from protobuf. */
const tables: Readonly<Record<string, string>> = {
  ObjectMeta:
    "name=1 generateName=2 namespace=3 selfLink=4 uid=5 resourceVersion=6 generation=7 creationTimestamp=8 deletionTimestamp=9 deletionGracePeriodSeconds=10 labels=11 annotations=12 ownerReferences=13 finalizers=14 managedFields=17",
  OwnerReference: "kind=1 name=3 uid=4 apiVersion=5 controller=6 blockOwnerDeletion=7",
  ManagedFieldsEntry: "manager=1 operation=2 apiVersion=3 time=4 fieldsType=6 fieldsV1=7 subresource=8",
  DeleteOptions:
    "gracePeriodSeconds=1 preconditions=2 orphanDependents=3 propagationPolicy=4 dryRun=5 ignoreStoreReadErrorWithClusterBreakingPotential=6",
  Preconditions: "uid=1 resourceVersion=2",
  ObjectReference: "kind=1 namespace=2 name=3 uid=4 apiVersion=5 resourceVersion=6 fieldPath=7",
  LocalObjectReference: "name=1",
  ConfigMap: "metadata=1 data=2 binaryData=3 immutable=4",
  Secret: "metadata=1 data=2 type=3 stringData=4 immutable=5",
  Namespace: "metadata=1 spec=2 status=3",
  NamespaceSpec: "finalizers=1",
  NamespaceStatus: "phase=1 conditions=2",
  NamespaceCondition: "type=1 status=2 lastTransitionTime=4 reason=5 message=6",
  ServiceAccount: "metadata=1 secrets=2 imagePullSecrets=3 automountServiceAccountToken=4",
  Binding: "metadata=1 target=2",
  Eviction: "metadata=1 deleteOptions=2",
  CoreEvent:
    "metadata=1 involvedObject=2 reason=3 message=4 source=5 firstTimestamp=6 lastTimestamp=7 count=8 type=9 eventTime=10 series=11 action=12 related=13 reportingComponent=14 reportingInstance=15",
  EventSource: "component=1 host=2",
  CoreEventSeries: "count=1 lastObservedTime=2",
  Lease: "metadata=1 spec=2",
  LeaseSpec:
    "holderIdentity=1 leaseDurationSeconds=2 acquireTime=3 renewTime=4 leaseTransitions=5 strategy=6 preferredHolder=7",
  ControllerRevision: "metadata=1 data=2 revision=3",
  SelfSubjectAccessReview: "metadata=1 spec=2 status=3",
  SelfSubjectAccessReviewSpec: "resourceAttributes=1 nonResourceAttributes=2",
  ResourceAttributes: "namespace=1 verb=2 group=3 version=4 resource=5 subresource=6 name=7",
  NonResourceAttributes: "path=1 verb=2",
  SubjectAccessReviewStatus: "allowed=1 reason=2 evaluationError=3 denied=4",
  SelfSubjectRulesReview: "metadata=1 spec=2 status=3",
  SelfSubjectRulesReviewSpec: "namespace=1",
  SubjectRulesReviewStatus: "resourceRules=1 nonResourceRules=2 incomplete=3 evaluationError=4",
  PriorityClass: "metadata=1 value=2 globalDefault=3 description=4 preemptionPolicy=5",
  CertificateSigningRequest: "metadata=1 spec=2 status=3",
  CertificateSigningRequestSpec:
    "request=1 username=2 uid=3 groups=4 usages=5 signerName=7 expirationSeconds=8",
  CertificateSigningRequestStatus: "conditions=1 certificate=2",
  CertificateSigningRequestCondition:
    "type=1 reason=2 message=3 lastUpdateTime=4 lastTransitionTime=5 status=6",
  SelfSubjectReview: "metadata=1 status=2",
  SelfSubjectReviewStatus: "userInfo=1",
  UserInfo: "username=1 uid=2 groups=3",
};

const read = new Map<string, ReadonlyMap<number, string>>();

/** Number to field name; undefined where there is no table. */
export function fieldNumbers(schema: string): ReadonlyMap<number, string> | undefined {
  const known = read.get(schema);
  if (known !== undefined) return known;
  const table = tables[schema];
  if (table === undefined) return undefined;
  const numbers = new Map(
    table.split(" ").map((entry): [number, string] => {
      const [name = "", number] = entry.split("=");
      return [Number(number), name];
    }),
  );
  read.set(schema, numbers);
  return numbers;
}
