// Owns what of a CustomResourceDefinition may not change any more, once objects of its kind may be there.
import { isEstablished } from "../../custom/custom-kind.ts";
import { checkImmutable } from "../../field-checks.ts";
import { invalid, type FieldError } from "../../field-error.ts";
import type { CustomResourceDefinition } from "../../generated/types.ts";
import type { Draft } from "../../meta.ts";

type Spec = {
  readonly [K in keyof CustomResourceDefinition["spec"]]?: CustomResourceDefinition["spec"][K];
};

/** What validation of the definition itself finds missing may be missing here. */
const specOf = ({ spec = {} }: { readonly spec?: Spec }): Spec => spec;
const namesOf = ({ names }: Spec): { readonly plural?: string; readonly kind?: string } => names ?? {};

export function validateDefinitionUpdate(
  draft: Draft<CustomResourceDefinition>,
  old: CustomResourceDefinition,
): FieldError[] {
  const [spec, before] = [specOf(draft), specOf(old)];
  const [names, namesBefore] = [namesOf(spec), namesOf(before)];
  return [
    ...(isEstablished(old)
      ? [
          ...checkImmutable("spec.scope", spec.scope, before.scope),
          ...checkImmutable("spec.names.kind", names.kind, namesBefore.kind),
        ]
      : []),
    ...checkImmutable("spec.group", spec.group, before.group),
    ...checkImmutable("spec.names.plural", names.plural, namesBefore.plural),
    ...storedFaults(spec, draft.status?.storedVersions ?? []),
  ];
}

/** Objects may stand in the store in each of these versions. */
function storedFaults({ versions = [] }: Spec, stored: readonly string[]): FieldError[] {
  const names = new Set(versions.map(({ name }) => name));
  const found = stored.flatMap((version, index) =>
    names.has(version)
      ? []
      : [
          invalid(
            `status.storedVersions[${index}]`,
            version,
            `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`,
          ),
        ],
  );
  const storage = versions.find((version) => version.storage);
  if (storage !== undefined && !stored.includes(storage.name))
    found.push(invalid("status.storedVersions", stored, `must have the storage version ${storage.name}`));
  return found;
}
