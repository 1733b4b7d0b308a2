// Owns the rules of security contexts, of the pod and of each container.
import { duplicate, forbidden, invalid, notSupported, required, type FieldError } from "../../field-error.ts";
import { checkChoice, checkRange, listOf } from "../../field-checks.ts";
import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
} from "../../generated/types.ts";

const idRange = [0, 2_147_483_647] as const;
const profileTypes = ["Localhost", "RuntimeDefault", "Unconfined"];
const sysctlName = /^(?:[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?$/;

export function validatePodSecurity(field: string, spec: PodSpec): FieldError[] {
  const context = spec.securityContext ?? {};
  const at = `${field}.securityContext`;
  return [
    ...idFaults(at, context),
    ...checkRange(`${at}.fsGroup`, context.fsGroup, idRange),
    ...listOf(context.supplementalGroups).flatMap((group, index) =>
      checkRange(`${at}.supplementalGroups[${index}]`, group, idRange),
    ),
    ...(spec.shareProcessNamespace === true && spec.hostPID === true
      ? [
          invalid(
            `${at}.shareProcessNamespace`,
            true,
            "ShareProcessNamespace and HostPID cannot both be enabled",
          ),
        ]
      : []),
    ...sysctlFaults(`${at}.sysctls`, context),
    ...checkChoice(
      `${at}.fsGroupChangePolicy`,
      context.fsGroupChangePolicy,
      ["Always", "OnRootMismatch"],
      "allowed",
    ),
    ...checkChoice(
      `${at}.supplementalGroupsPolicy`,
      context.supplementalGroupsPolicy,
      ["Merge", "Strict"],
      "allowed",
    ),
    ...profileFaults(`${at}.seccompProfile`, context.seccompProfile, "seccomp"),
    ...profileFaults(`${at}.appArmorProfile`, context.appArmorProfile, "AppArmor"),
    ...hostUserFaults(field, spec),
  ];
}

function idFaults(at: string, context: PodSecurityContext | SecurityContext): FieldError[] {
  return [
    ...checkRange(`${at}.runAsUser`, context.runAsUser, idRange),
    ...checkRange(`${at}.runAsGroup`, context.runAsGroup, idRange),
  ];
}

function hostUserFaults(field: string, spec: PodSpec): FieldError[] {
  if (spec.hostUsers !== false) return [];
  return (["hostNetwork", "hostPID", "hostIPC"] as const).flatMap((name) =>
    spec[name] === true ? [forbidden(`${field}.${name}`, "when `pod.Spec.HostUsers` is false")] : [],
  );
}

function sysctlFaults(field: string, context: PodSecurityContext): FieldError[] {
  const seen = new Set<string>();
  return listOf(context.sysctls).flatMap((sysctl, index) => {
    const name = sysctl.name ?? "";
    const at = `${field}[${index}].name`;
    if (name === "") return [required(at)];
    if (name.length > 253 || !sysctlName.test(name))
      return [invalid(at, name, `must have at most 253 characters and match regex ${sysctlName.source}`)];
    if (seen.has(name)) return [duplicate(at, name)];
    seen.add(name);
    return [];
  });
}

function profileFaults(
  field: string,
  profile: SeccompProfile | AppArmorProfile | undefined,
  system: "seccomp" | "AppArmor",
): FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  if (type === undefined || type === "")
    return [
      required(
        `${field}.type`,
        `type is required when ${system === "seccomp" ? system : "appArmor"}Profile is set`,
      ),
    ];
  if (!profileTypes.includes(type)) return [notSupported(`${field}.type`, type, profileTypes)];
  const at = `${field}.localhostProfile`;
  if (type !== "Localhost")
    return localhostProfile === undefined
      ? []
      : [invalid(at, localhostProfile, `can only be set when ${system} type is Localhost`)];
  if (localhostProfile === undefined || localhostProfile === "")
    return [required(at, `must be set when ${system} type is Localhost`)];
  if (system === "seccomp" && localhostProfile.startsWith("/"))
    return [invalid(at, localhostProfile, "must be a relative path")];
  if (system === "seccomp" && localhostProfile.split("/").includes(".."))
    return [invalid(at, localhostProfile, "must not contain '..'")];
  return [];
}

export function validateContainerSecurity(at: string, context: SecurityContext | undefined): FieldError[] {
  if (context === undefined) return [];
  const escalation = `${at}.allowPrivilegeEscalation`;
  const capabilities = listOf(context.capabilities?.add);
  return [
    ...idFaults(at, context),
    ...checkChoice(`${at}.procMount`, context.procMount, ["Default", "Unmasked"], "allowed"),
    ...profileFaults(`${at}.seccompProfile`, context.seccompProfile, "seccomp"),
    ...profileFaults(`${at}.appArmorProfile`, context.appArmorProfile, "AppArmor"),
    ...(context.allowPrivilegeEscalation === false && context.privileged === true
      ? [
          invalid(
            escalation,
            false,
            "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
          ),
        ]
      : []),
    ...(context.allowPrivilegeEscalation === false && capabilities.includes("CAP_SYS_ADMIN")
      ? [
          invalid(
            escalation,
            false,
            "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
          ),
        ]
      : []),
  ];
}
