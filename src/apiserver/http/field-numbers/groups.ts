// Owns the numbers of fields of the other groups in protobuf messages. scripts/tabulate-field-numbers.ts reads and writes it.
export const groups = `
AdmissionregistrationServiceReference: namespace=1! name=2! path=3 port=4
AdmissionregistrationWebhookClientConfig: service=1 caBundle=2 url=3
AggregationRule: clusterRoleSelectors=1!
AuditAnnotation: key=1! valueExpression=2!
AuthenticationTokenRequest: metadata=1! spec=2! status=3!
BoundObjectReference: kind=1! apiVersion=2! name=3! uid=4!
CSIDriver: metadata=1! spec=2!
CSIDriverSpec: attachRequired=1 podInfoOnMount=2 volumeLifecycleModes=3 storageCapacity=4 fsGroupPolicy=5 tokenRequests=6! requiresRepublish=7 seLinuxMount=8 nodeAllocatableUpdatePeriodSeconds=9
CSINode: metadata=1! spec=2!
CSINodeDriver: name=1! nodeID=2! topologyKeys=3 allocatable=4
CSINodeSpec: drivers=1!
CSIStorageCapacity: metadata=1! nodeTopology=2 storageClassName=3! capacity=4 maximumVolumeSize=5
CertificateSigningRequest: metadata=1! spec=2! status=3!
CertificateSigningRequestCondition: type=1! reason=2! message=3! lastUpdateTime=4! lastTransitionTime=5! status=6!
CertificateSigningRequestSpec: request=1 username=2! uid=3! groups=4 usages=5 extra=6! signerName=7! expirationSeconds=8
CertificateSigningRequestStatus: conditions=1! certificate=2
ClusterRole: metadata=1! rules=2! aggregationRule=3
ClusterRoleBinding: metadata=1! subjects=2! roleRef=3!
ControllerRevision: metadata=1! data=2! revision=3!
CronJob: metadata=1! spec=2! status=3!
CronJobSpec: schedule=1! startingDeadlineSeconds=2 concurrencyPolicy=3! suspend=4 jobTemplate=5! successfulJobsHistoryLimit=6 failedJobsHistoryLimit=7 timeZone=8
CronJobStatus: active=1! lastScheduleTime=4 lastSuccessfulTime=5
CrossVersionObjectReference: kind=1! name=2! apiVersion=3!
DaemonSet: metadata=1! spec=2! status=3!
DaemonSetCondition: type=1! status=2! lastTransitionTime=3! reason=4! message=5!
DaemonSetSpec: selector=1 template=2! updateStrategy=3! minReadySeconds=4! revisionHistoryLimit=6
DaemonSetStatus: currentNumberScheduled=1! numberMisscheduled=2! desiredNumberScheduled=3! numberReady=4! observedGeneration=5! updatedNumberScheduled=6! numberAvailable=7! numberUnavailable=8! collisionCount=9 conditions=10!
DaemonSetUpdateStrategy: type=1! rollingUpdate=2
Deployment: metadata=1! spec=2! status=3!
DeploymentCondition: type=1! status=2! reason=4! message=5! lastUpdateTime=6! lastTransitionTime=7!
DeploymentSpec: replicas=1 selector=2 template=3! strategy=4! minReadySeconds=5! revisionHistoryLimit=6 paused=7! progressDeadlineSeconds=9
DeploymentStatus: observedGeneration=1! replicas=2! updatedReplicas=3! availableReplicas=4! unavailableReplicas=5! conditions=6! readyReplicas=7! collisionCount=8 terminatingReplicas=9
DeploymentStrategy: type=1! rollingUpdate=2
DiscoveryEndpointPort: name=1 protocol=2 port=3 appProtocol=4
Endpoint: addresses=1 conditions=2! hostname=3 targetRef=4 deprecatedTopology=5! nodeName=6 zone=7 hints=8
EndpointConditions: ready=1 serving=2 terminating=3
EndpointHints: forZones=1! forNodes=2!
EndpointSlice: metadata=1! endpoints=2! ports=3! addressType=4!
EventsEvent: metadata=1! eventTime=2! series=3 reportingController=4! reportingInstance=5! action=6! reason=7! regarding=8! related=9 note=10! type=11! deprecatedSource=12! deprecatedFirstTimestamp=13! deprecatedLastTimestamp=14! deprecatedCount=15!
EventsEventSeries: count=1! lastObservedTime=2!
Eviction: metadata=1! deleteOptions=2
ExemptPriorityLevelConfiguration: nominalConcurrencyShares=1 lendablePercent=2
ExpressionWarning: fieldRef=2! warning=3!
FieldSelectorAttributes: rawSelector=1! requirements=2!
FlowDistinguisherMethod: type=1!
FlowSchema: metadata=1! spec=2! status=3!
FlowSchemaCondition: type=1! status=2! lastTransitionTime=3! reason=4! message=5!
FlowSchemaSpec: priorityLevelConfiguration=1! matchingPrecedence=2! distinguisherMethod=3 rules=4!
FlowSchemaStatus: conditions=1!
FlowcontrolSubject: kind=1! user=2 group=3 serviceAccount=4
ForNode: name=1!
ForZone: name=1!
GroupSubject: name=1!
HTTPIngressPath: path=1! backend=2! pathType=3
HTTPIngressRuleValue: paths=1!
HorizontalPodAutoscaler: metadata=1! spec=2! status=3!
HorizontalPodAutoscalerSpec: scaleTargetRef=1! minReplicas=2 maxReplicas=3! targetCPUUtilizationPercentage=4
HorizontalPodAutoscalerStatus: observedGeneration=1 lastScaleTime=2 currentReplicas=3! desiredReplicas=4! currentCPUUtilizationPercentage=5
IPAddress: metadata=1! spec=2!
IPAddressSpec: parentRef=1
IPBlock: cidr=1! except=2
Ingress: metadata=1! spec=2! status=3!
IngressBackend: resource=3 service=4
IngressClass: metadata=1! spec=2!
IngressClassParametersReference: apiGroup=1 kind=2! name=3! scope=4 namespace=5
IngressClassSpec: controller=1! parameters=2
IngressLoadBalancerIngress: ip=1! hostname=2! ports=4!
IngressLoadBalancerStatus: ingress=1!
IngressPortStatus: port=1! protocol=2! error=3
IngressRule: host=1! +IngressRuleValue=2
IngressRuleValue: http=1
IngressServiceBackend: name=1! port=2!
IngressSpec: defaultBackend=1 tls=2! rules=3! ingressClassName=4
IngressStatus: loadBalancer=1!
IngressTLS: hosts=1 secretName=2!
Job: metadata=1! spec=2! status=3!
JobCondition: type=1! status=2! lastProbeTime=3! lastTransitionTime=4! reason=5! message=6!
JobSpec: parallelism=1 completions=2 activeDeadlineSeconds=3 selector=4 manualSelector=5 template=6! backoffLimit=7 ttlSecondsAfterFinished=8 completionMode=9 suspend=10 podFailurePolicy=11 backoffLimitPerIndex=12 maxFailedIndexes=13 podReplacementPolicy=14 managedBy=15 successPolicy=16
JobStatus: conditions=1! startTime=2 completionTime=3 active=4! succeeded=5! failed=6! completedIndexes=7! uncountedTerminatedPods=8 ready=9 failedIndexes=10 terminating=11
JobTemplateSpec: metadata=1! spec=2!
LabelSelectorAttributes: rawSelector=1! requirements=2!
Lease: metadata=1! spec=2!
LeaseSpec: holderIdentity=1 leaseDurationSeconds=2 acquireTime=3 renewTime=4 leaseTransitions=5 strategy=6 preferredHolder=7
LimitResponse: type=1! queuing=2
LimitedPriorityLevelConfiguration: nominalConcurrencyShares=1 limitResponse=2! lendablePercent=3 borrowingLimitPercent=4
LocalSubjectAccessReview: metadata=1! spec=2! status=3!
MatchCondition: name=1! expression=2!
MatchResources: namespaceSelector=1 objectSelector=2 resourceRules=3! excludeResourceRules=4! matchPolicy=7
MutatingWebhook: name=1! clientConfig=2! rules=3! failurePolicy=4 namespaceSelector=5 sideEffects=6 timeoutSeconds=7 admissionReviewVersions=8 matchPolicy=9 reinvocationPolicy=10 objectSelector=11 matchConditions=12!
MutatingWebhookConfiguration: metadata=1! webhooks=2!
NamedRuleWithOperations: resourceNames=1 +RuleWithOperations=2
NetworkPolicy: metadata=1! spec=2!
NetworkPolicyEgressRule: ports=1! to=2!
NetworkPolicyIngressRule: ports=1! from=2!
NetworkPolicyPeer: podSelector=1 namespaceSelector=2 ipBlock=3
NetworkPolicyPort: protocol=1 port=2 endPort=3
NetworkPolicySpec: podSelector=1! ingress=2! egress=3! policyTypes=4
NonResourceAttributes: path=1! verb=2!
NonResourcePolicyRule: verbs=1 nonResourceURLs=6
NonResourceRule: verbs=1 nonResourceURLs=2
Overhead: podFixed=1!
ParamKind: apiVersion=1! kind=2!
ParamRef: name=1! namespace=2! selector=3 parameterNotFoundAction=4
ParentReference: group=1! resource=2! namespace=3! name=4!
PodDisruptionBudget: metadata=1! spec=2! status=3!
PodDisruptionBudgetSpec: minAvailable=1 selector=2 maxUnavailable=3 unhealthyPodEvictionPolicy=4
PodDisruptionBudgetStatus: observedGeneration=1! disruptedPods=2! disruptionsAllowed=3! currentHealthy=4! desiredHealthy=5! expectedPods=6! conditions=7!
PodFailurePolicy: rules=1!
PodFailurePolicyOnExitCodesRequirement: containerName=1 operator=2! values=3
PodFailurePolicyOnPodConditionsPattern: type=1! status=2!
PodFailurePolicyRule: action=1! onExitCodes=2 onPodConditions=3!
PolicyRule: verbs=1 apiGroups=2 resources=3 resourceNames=4 nonResourceURLs=5
PolicyRulesWithSubjects: subjects=1! resourceRules=2! nonResourceRules=3!
PriorityClass: metadata=1! value=2! globalDefault=3! description=4! preemptionPolicy=5
PriorityLevelConfiguration: metadata=1! spec=2! status=3!
PriorityLevelConfigurationCondition: type=1! status=2! lastTransitionTime=3! reason=4! message=5!
PriorityLevelConfigurationReference: name=1!
PriorityLevelConfigurationSpec: type=1! limited=2 exempt=3
PriorityLevelConfigurationStatus: conditions=1!
QueuingConfiguration: queues=1! handSize=2! queueLengthLimit=3!
RbacSubject: kind=1! apiGroup=2! name=3! namespace=4!
ReplicaSet: metadata=1! spec=2! status=3!
ReplicaSetCondition: type=1! status=2! lastTransitionTime=3! reason=4! message=5!
ReplicaSetSpec: replicas=1 selector=2 template=3! minReadySeconds=4!
ReplicaSetStatus: replicas=1! fullyLabeledReplicas=2! observedGeneration=3! readyReplicas=4! availableReplicas=5! conditions=6! terminatingReplicas=7
ResourceAttributes: namespace=1! verb=2! group=3! version=4! resource=5! subresource=6! name=7! fieldSelector=8 labelSelector=9
ResourcePolicyRule: verbs=1 apiGroups=2 resources=3 clusterScope=4! namespaces=5
ResourceRule: verbs=1 apiGroups=2 resources=3 resourceNames=4
Role: metadata=1! rules=2!
RoleBinding: metadata=1! subjects=2! roleRef=3!
RoleRef: apiGroup=1! kind=2! name=3!
RollingUpdateDaemonSet: maxUnavailable=1 maxSurge=2
RollingUpdateDeployment: maxUnavailable=1 maxSurge=2
RollingUpdateStatefulSetStrategy: partition=1 maxUnavailable=2
Rule: apiGroups=1 apiVersions=2 resources=3 scope=4
RuleWithOperations: operations=1 +Rule=2
RuntimeClass: metadata=1! handler=2! overhead=3 scheduling=4
Scale: metadata=1! spec=2! status=3!
ScaleSpec: replicas=1!
ScaleStatus: replicas=1! selector=2!
Scheduling: nodeSelector=1! tolerations=2!
SelfSubjectAccessReview: metadata=1! spec=2! status=3!
SelfSubjectAccessReviewSpec: resourceAttributes=1 nonResourceAttributes=2
SelfSubjectReview: metadata=1! status=2!
SelfSubjectReviewStatus: userInfo=1!
SelfSubjectRulesReview: metadata=1! spec=2! status=3!
SelfSubjectRulesReviewSpec: namespace=1!
ServiceAccountSubject: namespace=1! name=2!
ServiceBackendPort: name=1! number=2!
ServiceCIDR: metadata=1! spec=2! status=3!
ServiceCIDRSpec: cidrs=1
ServiceCIDRStatus: conditions=1!
StatefulSet: metadata=1! spec=2! status=3!
StatefulSetCondition: type=1! status=2! lastTransitionTime=3! reason=4! message=5!
StatefulSetOrdinals: start=1!
StatefulSetPersistentVolumeClaimRetentionPolicy: whenDeleted=1! whenScaled=2!
StatefulSetSpec: replicas=1 selector=2 template=3! volumeClaimTemplates=4! serviceName=5! podManagementPolicy=6! updateStrategy=7! revisionHistoryLimit=8 minReadySeconds=9! persistentVolumeClaimRetentionPolicy=10 ordinals=11
StatefulSetStatus: observedGeneration=1! replicas=2! readyReplicas=3! currentReplicas=4! updatedReplicas=5! currentRevision=6! updateRevision=7! collisionCount=9 conditions=10! availableReplicas=11!
StatefulSetUpdateStrategy: type=1! rollingUpdate=2
StorageClass: metadata=1! provisioner=2! parameters=3! reclaimPolicy=4 mountOptions=5 allowVolumeExpansion=6 volumeBindingMode=7 allowedTopologies=8!
StorageTokenRequest: audience=1! expirationSeconds=2
SubjectAccessReview: metadata=1! spec=2! status=3!
SubjectAccessReviewSpec: resourceAttributes=1 nonResourceAttributes=2 user=3! groups=4 extra=5! uid=6!
SubjectAccessReviewStatus: allowed=1! reason=2! evaluationError=3! denied=4!
SubjectRulesReviewStatus: resourceRules=1! nonResourceRules=2! incomplete=3! evaluationError=4!
SuccessPolicy: rules=1!
SuccessPolicyRule: succeededIndexes=1 succeededCount=2
TokenRequestSpec: audiences=1 boundObjectRef=3 expirationSeconds=4
TokenRequestStatus: token=1! expirationTimestamp=2!
TokenReview: metadata=1! spec=2! status=3!
TokenReviewSpec: token=1! audiences=2
TokenReviewStatus: authenticated=1! user=2! error=3! audiences=4
TypeChecking: expressionWarnings=1!
UncountedTerminatedPods: succeeded=1 failed=2
UserInfo: username=1! uid=2! groups=3 extra=4!
UserSubject: name=1!
V2ContainerResourceMetricSource: name=1! target=2! container=3!
V2ContainerResourceMetricStatus: name=1! current=2! container=3!
V2CrossVersionObjectReference: kind=1! name=2! apiVersion=3!
V2ExternalMetricSource: metric=1! target=2!
V2ExternalMetricStatus: metric=1! current=2!
V2HPAScalingPolicy: type=1! value=2! periodSeconds=3!
V2HPAScalingRules: selectPolicy=1 policies=2! stabilizationWindowSeconds=3 tolerance=4
V2HorizontalPodAutoscaler: metadata=1! spec=2! status=3!
V2HorizontalPodAutoscalerBehavior: scaleUp=1 scaleDown=2
V2HorizontalPodAutoscalerCondition: type=1! status=2! lastTransitionTime=3! reason=4! message=5!
V2HorizontalPodAutoscalerSpec: scaleTargetRef=1! minReplicas=2 maxReplicas=3! metrics=4! behavior=5
V2HorizontalPodAutoscalerStatus: observedGeneration=1 lastScaleTime=2 currentReplicas=3! desiredReplicas=4! currentMetrics=5! conditions=6!
V2MetricIdentifier: name=1! selector=2
V2MetricSpec: type=1! object=2 pods=3 resource=4 external=5 containerResource=7
V2MetricStatus: type=1! object=2 pods=3 resource=4 external=5 containerResource=7
V2MetricTarget: type=1! value=2 averageValue=3 averageUtilization=4
V2MetricValueStatus: value=1 averageValue=2 averageUtilization=3
V2ObjectMetricSource: describedObject=1! target=2! metric=3!
V2ObjectMetricStatus: metric=1! current=2! describedObject=3!
V2PodsMetricSource: metric=1! target=2!
V2PodsMetricStatus: metric=1! current=2!
V2ResourceMetricSource: name=1! target=2!
V2ResourceMetricStatus: name=1! current=2!
ValidatingAdmissionPolicy: metadata=1! spec=2! status=3!
ValidatingAdmissionPolicyBinding: metadata=1! spec=2!
ValidatingAdmissionPolicyBindingSpec: policyName=1! paramRef=2 matchResources=3 validationActions=4
ValidatingAdmissionPolicySpec: paramKind=1 matchConstraints=2 validations=3! failurePolicy=4 auditAnnotations=5! matchConditions=6! variables=7!
ValidatingAdmissionPolicyStatus: observedGeneration=1! typeChecking=2 conditions=3!
ValidatingWebhook: name=1! clientConfig=2! rules=3! failurePolicy=4 namespaceSelector=5 sideEffects=6 timeoutSeconds=7 admissionReviewVersions=8 matchPolicy=9 objectSelector=10 matchConditions=11!
ValidatingWebhookConfiguration: metadata=1! webhooks=2!
Validation: expression=1! message=2! reason=3 messageExpression=4!
Variable: name=1! expression=2!
VolumeAttachment: metadata=1! spec=2! status=3!
VolumeAttachmentSource: persistentVolumeName=1 inlineVolumeSpec=2
VolumeAttachmentSpec: attacher=1! source=2! nodeName=3!
VolumeAttachmentStatus: attached=1! attachmentMetadata=2! attachError=3 detachError=4
VolumeError: time=1! message=2! errorCode=3
VolumeNodeResources: count=1
`;
