"""Entra: which roles and permissions decide over others, and whose tenants are Microsoft's."""

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
"""The template id of the role that may do everything in a tenant."""

# As Microsoft labels them, by template id, which a built-in role has in every tenant; read 2026-01-20.
# https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
PRIVILEGED_ROLES = frozenset(
    {
        "db506228-d27e-4b7d-95e5-295956d6615f",  # Agent ID Administrator
        "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",  # Application Administrator
        "cf1c38e5-3621-4004-a7cb-879624dced7c",  # Application Developer
        "ecb2c6bf-0ab6-418e-bd87-7986f8d63bbe",  # Attribute Provisioning Administrator
        "422218e4-db15-4ef9-bbe0-8afb41546d79",  # Attribute Provisioning Reader
        "c4e39bd9-1100-46d3-8c65-fb160da0071f",  # Authentication Administrator
        "25a516ed-2fa0-40ea-a2d0-12923a21473a",  # Authentication Extensibility Administrator
        "aaf43236-0c0d-4d5f-883a-6955382ac081",  # B2C IEF Keyset Administrator
        "158c047a-c907-4556-b7ef-446551a6b5f7",  # Cloud Application Administrator
        "7698a772-787b-4ac8-901f-60d6b08affd2",  # Cloud Device Administrator
        "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9",  # Conditional Access Administrator
        "9360feb5-f418-4baa-8175-e2a00bac4301",  # Directory Writers
        "8329153b-31d0-4727-b945-745eb3bc5f31",  # Domain Name Administrator
        "be2f45a1-457d-42af-a067-6ec1fa63bc45",  # External Identity Provider Administrator
        GLOBAL_ADMINISTRATOR,
        "f2ef992c-3afb-46b9-b7cf-a126ee74c451",  # Global Reader
        "729827e3-9c14-49f7-bb1b-9608f156bbb8",  # Helpdesk Administrator
        "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2",  # Hybrid Identity Administrator
        "3a2c62db-5318-420d-8d74-23affee5d9d5",  # Intune Administrator
        "59d46f88-662b-457b-bceb-5c3809e5908f",  # Lifecycle Workflows Administrator
        "4ba39ca4-527c-499a-b93d-d9b492c50246",  # Partner Tier1 Support
        "e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8",  # Partner Tier2 Support
        "966707d0-3269-4727-9be2-8c3a10f19b9d",  # Password Administrator
        "7be44c8a-adaf-4e2a-84d6-ab2649e08a13",  # Privileged Authentication Administrator
        "e8611ab8-c189-46e8-94e1-60213ab1f814",  # Privileged Role Administrator
        "194ae4cb-b126-40b2-bd5b-6091b380977d",  # Security Administrator
        "5f2222b1-57c3-48ba-8ad5-d4759f1fde6f",  # Security Operator
        "5d6b6bb7-de71-4623-b4af-96380a352509",  # Security Reader
        "fe930be7-5e62-47db-91af-98c3a49a38b1",  # User Administrator
    }
)
"""Template ids of the built-in roles that Microsoft calls privileged."""

# https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in
MICROSOFT = frozenset({"f8cdef31-a31e-4b4a-93e4-5f571e91255a", "72f988bf-86f1-41af-91ab-2d7cd011db47"})
"""The tenants that Microsoft's own applications are of."""

# By what each allows, and by the paths to Global Administrator that were found:
# https://learn.microsoft.com/graph/permissions-reference and https://github.com/emiliensocchi/azure-tiering
DIRECTORY_PERMISSIONS = frozenset(
    {
        "AdministrativeUnit.ReadWrite.All",
        "AppRoleAssignment.ReadWrite.All",
        "Application.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "DeviceManagementConfiguration.ReadWrite.All",
        "DeviceManagementRBAC.ReadWrite.All",
        "DeviceManagementScripts.ReadWrite.All",
        "Directory.AccessAsUser.All",
        "Directory.ReadWrite.All",
        "Domain.ReadWrite.All",
        "EntitlementManagement.ReadWrite.All",
        "Group.ReadWrite.All",
        "GroupMember.ReadWrite.All",
        "OnPremDirectorySynchronization.ReadWrite.All",
        "Organization.ReadWrite.All",
        "Policy.ReadWrite.AuthenticationMethod",
        "Policy.ReadWrite.Authorization",
        "Policy.ReadWrite.ConditionalAccess",
        "Policy.ReadWrite.CrossTenantAccess",
        "Policy.ReadWrite.PermissionGrant",
        "PrivilegedAccess.ReadWrite.AzureAD",
        "PrivilegedAccess.ReadWrite.AzureADGroup",
        "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",
        "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
        "RoleAssignmentSchedule.ReadWrite.Directory",
        "RoleEligibilitySchedule.ReadWrite.Directory",
        "RoleManagement.ReadWrite.Directory",
        "RoleManagementPolicy.ReadWrite.AzureADGroup",
        "RoleManagementPolicy.ReadWrite.Directory",
        "User-PasswordProfile.ReadWrite.All",
        "User.ReadWrite.All",
        "UserAuthenticationMethod.ReadWrite.All",
    }
)
"""Permissions on Microsoft Graph by which one changes who may sign in, and what they may do."""

CONTENT_PERMISSIONS = frozenset(
    {
        "Calendars.Read",
        "Calendars.ReadWrite",
        "ChannelMessage.Read.All",
        "Chat.Read",
        "Chat.Read.All",
        "Chat.ReadWrite",
        "Chat.ReadWrite.All",
        "Files.Read",
        "Files.Read.All",
        "Files.ReadWrite",
        "Files.ReadWrite.All",
        "Mail.Read",
        "Mail.Read.Shared",
        "Mail.ReadWrite",
        "Mail.ReadWrite.Shared",
        "Mail.Send",
        "MailboxItem.ImportExport.All",
        "MailboxItem.Read.All",
        "Notes.Read",
        "Notes.Read.All",
        "Notes.ReadWrite",
        "Notes.ReadWrite.All",
        "OnlineMeetingRecording.Read.All",
        "OnlineMeetingTranscript.Read.All",
        "Sites.FullControl.All",
        "Sites.Manage.All",
        "Sites.Read.All",
        "Sites.ReadWrite.All",
        "eDiscovery.Read.All",
        "eDiscovery.ReadWrite.All",
    }
)
"""Permissions on Microsoft Graph by which one reads or writes what people send and keep."""


def foreign(owner: str, tenant: str) -> bool:
    """Whether an application is another organisation's: neither this tenant's nor Microsoft's.

    Managed identities, and what is older than the record of owners, have none: they are of this tenant.
    """
    return bool(owner) and owner.lower() not in {tenant.lower(), *MICROSOFT}
