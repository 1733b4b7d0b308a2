// Owns the faults of how a CustomResourceDefinition says that its objects are converted between versions.
import { checkChoice, checkRequired } from "../../field-checks.ts";
import { forbidden, invalid, required, type FieldError } from "../../field-error.ts";
import type { CustomResourceConversion, CustomResourceDefinitionSpec } from "../../generated/types.ts";

export function conversionFaults({
  conversion,
  preserveUnknownFields,
}: Pick<Partial<CustomResourceDefinitionSpec>, "conversion" | "preserveUnknownFields">): FieldError[] {
  const found: FieldError[] = [];
  if (preserveUnknownFields === true)
    found.push(
      invalid(
        "spec.preserveUnknownFields",
        true,
        "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
      ),
    );
  if (conversion === undefined) return found;
  found.push(
    ...checkChoice("spec.conversion.strategy", conversion.strategy, ["None", "Webhook"], "required"),
  );
  if (conversion.strategy === "Webhook") found.push(...webhookFaults(conversion.webhook));
  if (conversion.strategy === "None" && conversion.webhook !== undefined)
    found.push(forbidden("spec.conversion.webhook", "should not be set when strategy is not set to Webhook"));
  return found;
}

function webhookFaults(webhook: CustomResourceConversion["webhook"]): FieldError[] {
  const path = "spec.conversion.webhook";
  const clientConfig = webhook?.clientConfig;
  const reviewVersions = webhook?.conversionReviewVersions ?? [];
  if (clientConfig === undefined)
    return [required(`${path}.clientConfig`, "required when strategy is set to Webhook")];
  const { url, service, caBundle } = clientConfig;
  const found: FieldError[] = [];
  if ((url === undefined) === (service === undefined))
    found.push(required(`${path}.clientConfig`, "exactly one of url or service is required"));
  if (url !== undefined) found.push(...urlFaults(url, `${path}.clientConfig.url`));
  if (service !== undefined) {
    found.push(...checkRequired(`${path}.clientConfig.service.name`, service.name));
    found.push(...checkRequired(`${path}.clientConfig.service.namespace`, service.namespace));
  }
  if (caBundle !== undefined && !Buffer.from(caBundle, "base64").includes("-----BEGIN CERTIFICATE-----"))
    found.push(
      invalid(
        `${path}.clientConfig.caBundle`,
        "<bytes>",
        "unable to load root certificates: unable to parse bytes as PEM block",
      ),
    );
  if (reviewVersions.length === 0) found.push(required(`${path}.conversionReviewVersions`));
  else if (!reviewVersions.includes("v1"))
    found.push(
      invalid(`${path}.conversionReviewVersions`, reviewVersions, "must include at least one of v1"),
    );
  return found;
}

function urlFaults(text: string, path: string): FieldError[] {
  const form = "desired format: https://host[/path]";
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return [required(path, `url must be a valid URL: ${form}`)];
  const found: FieldError[] = [];
  if (url.protocol !== "https:")
    found.push(invalid(path, url.protocol.slice(0, -1), `'https' is the only allowed URL scheme; ${form}`));
  if (url.host === "") found.push(invalid(path, "", `host must be specified; ${form}`));
  if (url.username !== "" || url.password !== "")
    found.push(invalid(path, url.username, "user information is not permitted in the URL"));
  if (url.hash !== "") found.push(invalid(path, url.hash.slice(1), "fragments are not permitted in the URL"));
  if (url.search !== "")
    found.push(invalid(path, url.search.slice(1), "query parameters are not permitted in the URL"));
  return found;
}
