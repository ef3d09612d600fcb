"""How the vendor writes the names of tables, columns and privileges: the case is its own, and no rule gives it.

See https://learn.microsoft.com/power-apps/developer/data-platform/reference/about-entity-reference
and https://learn.microsoft.com/dynamics365/developer/reference/about-entity-reference
"""

from __future__ import annotations

_SCHEMA_NAMES = """
BusinessUnit SystemUser Team Role TransactionCurrency Account Contact Opportunity UoMSchedule UoM Product Quote
QuoteDetail SalesOrder SalesOrderDetail Incident ServiceEndpoint SdkMessage SdkMessageFilter SdkMessageProcessingStep
SdkMessageProcessingStepImage PluginType AsyncOperation FieldSecurityProfile FieldPermission
AccountId AccountNumber ActualCloseDate ActualValue ActualValue_Base Address1_City Address1_Latitude AdministratorId
ApplicationId AsyncAutoDelete AsyncOperationId AttributeLogicalName Attributes AuthType AuthValue
AzureActiveDirectoryObjectId BaseAmount BaseAmount_Base BaseUoM BaseUoMName BirthDate BusinessUnitId CanCreate CanRead
CanUpdate CaseOriginCode CaseTypeCode CloseProbability CompletedOn Configuration ConnectionMode ContactId Contract
CreatedBy CreatedOn CreatedOnBehalfBy CreditLimit CreditLimit_Base CreditOnHold CurrencyName CurrencyPrecision
CurrencySymbol CustomerId DateFulfilled DefaultUoMId Description DiscountAmount DiscountAmount_Base DiscountPercentage
DomainName EffectiveTo EMailAddress1 EntityAlias EntityName ErrorCode EscalatedOn EstimatedCloseDate EstimatedValue
EstimatedValue_Base EventHandler ExchangeRate ExtendedAmount ExtendedAmount_Base FieldPermissionId
FieldSecurityProfileId FilteringAttributes FirstName FriendlyMessage FriendlyName FullName ImageType IncidentId
IndustryCode InternalEMailAddress IsCustomProcessingStepAllowed IsDisabled ISOCurrencyCode IsScheduleBaseUoM JobTitle
LastName LineItemNumber ManualDiscountAmount ManualDiscountAmount_Base Message MessageFormat MessagePropertyName Mode
ModifiedBy ModifiedOn ModifiedOnBehalfBy Name NumberOfEmployees OpportunityId OpportunityRatingCode OrderNumber OwnerId
OwningBusinessUnit OwningExtensionId ParentAccountId ParentCustomerId ParentSystemUserId PluginTypeId Price Price_Base
PricePerUnit PricePerUnit_Base PrimaryContactId PrimaryObjectTypeCode PriorityCode ProductDescription ProductId
ProductNumber PurchaseProcess Quantity QuoteDetailId QuoteDetailName QuoteId QuoteNumber Rank RequestDeliveryBy Revenue
Revenue_Base RoleId SalesOrderDetailId SalesOrderDetailName SalesOrderId ScheduleProposalMeeting SdkMessageFilterId
SdkMessageId SdkMessageProcessingStepId SdkMessageProcessingStepImageId ServiceEndpointId Stage StateCode StatusCode
StepName SupportedDeployment SystemUserId TeamId Telephone1 TicketNumber Title TotalAmount TotalAmount_Base
TransactionCurrencyId UoMId UoMScheduleId Url VersionNumber
"""
_BY_LOGICAL_NAME = {name.lower(): name for name in _SCHEMA_NAMES.split()}
_PRIVILEGES = {"systemuser": "User", "salesorder": "Order"}
"""Tables whose privileges do not have the schema name."""


def schema_name(logical_name: str) -> str:
    """Return the name in the vendor's case; what an administrator added is written as they wrote it."""
    return _BY_LOGICAL_NAME.get(logical_name, logical_name)


def privilege_name(table: str, right: str) -> str:
    """Return the name of the privilege to do something with the rows of a table."""
    # A-DYNAMICS-24: the pages show single names of privileges, and no rule for them
    return f"prv{right}{_PRIVILEGES.get(table, schema_name(table))}"
