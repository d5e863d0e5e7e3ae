"""Reading operations whose answer is not configuration but what an account keeps: no check may declare them.

Reviewed operation by operation against botocore's models (streams, binary members, members marked sensitive)
and the access levels of AWS's Service Authorization Reference, 2026-11. Named here is what hands out

- credentials, tokens, passwords, keys, and addresses that carry a signature or log somebody in;
- records, files, messages, results of queries, and lists of people, objects or items that tell them;
- code, and scripts and templates that are known to hold secrets;
- and what is named like reading, but changes something.

Not named is configuration that carries a value of that sort by the side, where there is no other way to read
the configuration: `lambda:ListFunctions` tells environment variables, too. Such values never become facts.
"""

_OPERATIONS = {
    "agent-registry": "BatchGetDiscoverableRegistryRecord",
    "amplify": "GetArtifactUrl",
    "apigateway": "GetApiKey GetApiKeys GetSdk",
    "appconfig": "GetConfiguration GetHostedConfigurationVersion",
    "appconfigdata": "GetLatestConfiguration",
    "appfabric": "BatchGetUserAccessTasks",
    "appstream": "DescribeDirectoryConfigs",
    "appsync": "ListApiKeys",
    "athena": "BatchGetQueryExecution GetCalculationExecutionCode GetQueryExecution GetQueryResults "
    "GetSessionEndpoint",
    "auditmanager": "GetAssessmentReportUrl GetEvidenceFileUploadUrl",
    "backupsearch": "ListSearchJobResults",
    "bedrock-agent-runtime": "GetAgentMemory GetDocumentContent GetInvocationStep ListFlowExecutionEvents",
    "bedrock-agentcore": "GetEvent GetMemoryRecord GetResourceApiKey ListEvents ListMemoryRecords",
    "bedrock-agentcore-control": "GetDataset",
    "chime": "GetBot ListBots",
    "chime-sdk-identity": "DescribeAppInstanceUserEndpoint",
    "chime-sdk-meetings": "GetAttendee ListAttendees",
    "chime-sdk-messaging": "GetChannelMessage ListChannelMessages",
    "clouddirectory": "GetLinkAttributes GetObjectAttributes ListIndex ListObjectAttributes",
    "cloudformation": "GetGeneratedTemplate GetTemplate",
    "cloudfront": "GetConnectionFunction GetFunction",
    "cloudfront-keyvaluestore": "GetKey ListKeys",
    "cloudtrail": "GetQueryResults",
    "cloudwatchomni": "GetSpaceDataAccess GetTelemetryQueryResults",
    "codeartifact": "GetPackageVersionAsset GetPackageVersionReadme",
    "codebuild": "BatchGetCommandExecutions ListCommandExecutionsForSandbox",
    "codecommit": "GetBlob GetFile",
    "codepipeline": "GetJobDetails GetThirdPartyJobDetails",
    # GetId makes the identity that it returns.
    "cognito-identity": "GetCredentialsForIdentity GetId GetOpenIdToken",
    "cognito-idp": "DescribeUserPoolClient GetDevice GetUser GetUserAttributeVerificationCode ListDevices "
    "ListUserPoolClientSecrets ListUsers ListUsersInGroup",
    "cognito-sync": "ListRecords",
    "connect": "GetAttachedFile GetContactAttributes GetFederationToken GetPromptFile ListDataTableValues "
    "ListRealtimeContactAnalysisSegmentsV2",
    "connect-contact-lens": "ListRealtimeContactAnalysisSegments",
    "connectcases": "GetCase GetCaseAuditEvents",
    "connecthealth": "GetPatientInsightsJob",
    "connectparticipant": "GetAttachment GetAuthenticationUrl GetTranscript",
    "customer-profiles": "BatchGetProfile GetProfileHistoryRecord GetSimilarProfiles "
    "ListObjectTypeAttributeValues ListProfileAttributeValues ListProfileHistoryRecords ListProfileObjects",
    "datazone": "GetConnection GetIamPortalLoginUrl GetLineageEvent ListConnections",
    "devicefarm": "GetUpload ListTestGridSessionArtifacts ListUploads",
    "devops-agent": "GetAssetContent GetAssetFile",
    "dms": "DescribeCertificates DescribeMetadataModelExportsAsScript",
    "dynamodb": "BatchGetItem GetItem",
    "ebs": "GetSnapshotBlock",
    # An instance's start script is an attribute; what else there is, DescribeInstances tells.
    "ec2": "DescribeInstanceAttribute DescribeVpnConnections GetConsoleOutput GetConsoleScreenshot "
    "GetLaunchTemplateData GetPasswordData GetVpnConnectionDeviceSampleConfiguration",
    "ecr": "GetAuthorizationToken GetDownloadUrlForLayer",
    "elasticbeanstalk": "DescribeEnvironmentManagedActionHistory",
    "emr": "GetOnClusterAppUIPresignedURL GetPersistentAppUIPresignedURL GetSessionEndpoint",
    "emr-serverless": "GetDashboardForJobRun GetSessionEndpoint",
    "evs": "GetEnvironment",
    "frauddetector": "GetEvent GetEventPrediction GetEventPredictionMetadata",
    "gamelift": "DescribePlayerSessions GetComputeAccess GetGameSessionLogUrl GetInstanceAccess",
    "gameliftstreams": "GetStreamUrl ListStreamUrls",
    "glacier": "GetJobOutput",
    # A connection's password comes along unless the caller asks for it to be hidden.
    "glue": "GetConnection GetConnections GetDashboardUrl GetSessionEndpoint GetStatement ListStatements",
    "groundstation": "GetAgentTaskResponseUrl",
    "interconnect": "GetConnection",
    "iot": "GetCommandExecution GetJobDocument GetRegistrationCode",
    "iot-data": "GetRetainedMessage GetThingShadow",
    "iot-managed-integrations": "GetAccountAssociation GetManagedThing",
    "iotsitewise": "BatchGetAssetPropertyAggregates BatchGetAssetPropertyValue "
    "BatchGetAssetPropertyValueHistory GetAssetPropertyAggregates GetAssetPropertyValue "
    "GetAssetPropertyValueHistory GetCaptureData GetInterpolatedAssetPropertyValues GetQueryResults "
    "GetSearchResults",
    "iottwinmaker": "GetPropertyValue GetPropertyValueHistory",
    "iotwireless": "GetPosition GetPositionEstimate GetResourcePosition ListQueuedMessages",
    "ivs": "BatchGetStreamKey GetStreamKey",
    "ivs-realtime": "GetIngestConfiguration ListParticipantEvents",
    "kinesis": "GetRecords",
    "kinesis-video-archived-media": "GetClip GetDASHStreamingSessionURL GetHLSStreamingSessionURL GetImages "
    "GetMediaForFragmentList",
    "kinesis-video-media": "GetMedia",
    "kms": "GetParametersForImport",
    "lakeformation": "GetWorkUnitResults",
    # Its answer carries a signed address of the function's code, and the environment's values.
    "lambda": "GetDurableExecution GetDurableExecutionHistory GetDurableExecutionState GetFunction "
    "GetLayerVersion GetLayerVersionByArn",
    "lex-models": "GetExport GetUtterancesView",
    "lex-runtime": "GetSession",
    "lexv2-models": "DescribeBotRecommendation DescribeExport GetTestExecutionArtifactsUrl "
    "ListTestExecutionResultItems ListTestSetRecords ListUtteranceAnalyticsData",
    "lexv2-runtime": "GetSession",
    "lightsail": "GetContainerLog GetRelationalDatabaseLogEvents GetRelationalDatabaseMasterUserPassword",
    "location": "BatchGetDevicePosition DescribeKey GetDevicePosition GetDevicePositionHistory "
    "ListDevicePositions",
    "logs": "GetLogEvents GetLogObject GetLogRecord GetQueryResults ListAnomalies",
    "m2": "GetSignedBluinsightsUrl",
    "macie2": "GetSensitiveDataOccurrences",
    "mailmanager": "GetAddressListImportJob GetArchiveMessage GetArchiveMessageContent "
    "GetArchiveSearchResults ListAddressListImportJobs ListMembersOfAddressList",
    "marketplace-agreement": "GetAgreementEntitlements",
    "mediaconnect": "DescribeFlowSourceThumbnail GetRouterInputThumbnail",
    "medialive": "DescribeInputDeviceThumbnail DescribeThumbnails",
    "mediapackage": "DescribeChannel ListChannels",
    "mediastore-data": "GetObject ListItems",
    "medical-imaging": "GetImageFrame GetImageSetMetadata",
    "mturk": "GetAssignment GetFileUploadURL ListAssignmentsForHIT",
    "neptunedata": "GetPropertygraphStream GetSparqlStream",
    "notifications": "GetManagedNotificationEvent GetNotificationEvent",
    "omics": "GetReadSet GetReference",
    "opensearchmemory": "GetMemory ListEvents",
    "payment-cryptography": "GetParametersForExport GetParametersForImport",
    "pca-connector-scep": "GetChallengePassword",
    "personalize-runtime": "GetRecommendations",
    "pinpoint": "GetEndpoint GetInAppMessages GetUserEndpoints",
    "polly": "GetLexicon",
    "qbusiness": "GetDocumentContent GetMedia ListAttachments ListMessages",
    "qconnect": "GetContent GetImportJob GetNextMessage GetRecommendations ListMessages ListSpans",
    "quicksight": "DescribeAssetBundleExportJob DescribeAssetBundleImportJob "
    "DescribeDashboardSnapshotJobResult GetDashboardEmbedUrl GetSessionEmbedUrl",
    "rds": "DownloadDBLogFilePortion",
    "redshift": "GetClusterCredentials GetClusterCredentialsWithIAM",
    "redshift-data": "DescribeStatement GetStatementResult GetStatementResultV2",
    "rekognition": "GetCelebrityRecognition GetContentModeration GetFaceDetection "
    "GetFaceLivenessSessionResults GetFaceSearch GetLabelDetection GetPersonTracking GetTextDetection "
    "ListFaces",
    "rum": "GetAppMonitorData",
    # The names of objects tell of patients as often as what is in them.
    "s3": "GetObject GetObjectAnnotation GetObjectTagging GetObjectTorrent ListObjectVersions ListObjects "
    "ListObjectsV2",
    "s3control": "GetDataAccess",
    "s3vectors": "GetVectors ListVectors",
    "sagemaker-featurestore-runtime": "BatchGetRecord GetRecord ListRecords",
    "sagemaker-geospatial": "GetTile",
    "sagemakertrainingsessionruntime": "GetSamplingOperationResult GetTrainingOperationResult",
    "schemas": "GetCodeBindingSource",
    "sdb": "GetAttributes",
    "secretsmanager": "BatchGetSecretValue GetRandomPassword GetSecretValue",
    "security-ir": "GetCaseAttachmentDownloadUrl GetCaseAttachmentUploadUrl ListComments",
    "serverlessrepo": "GetCloudFormationTemplate",
    "snowball": "GetJobManifest GetJobUnlockCode",
    "ssm": "GetCommandInvocation GetDocument GetParameter GetParameterHistory GetParameters "
    "GetParametersByPath ListCommandInvocations",
    "sso": "GetRoleCredentials",
    # GetActivityTask takes the task from those who wait for it.
    "stepfunctions": "DescribeExecution GetActivityTask GetExecutionHistory",
    "storagegateway": "DescribeChapCredentials",
    "sts": "GetFederationToken GetSessionToken",
    "support": "DescribeAttachment DescribeCases DescribeCommunications GetAttachmentDownloadLink "
    "GetAttachmentUploadLinks",
    "swf": "GetWorkflowExecutionHistory",
    "textract": "GetDocumentAnalysis GetDocumentTextDetection GetExpenseAnalysis GetLendingAnalysis",
    "transcribe": "GetCallAnalyticsJob GetMedicalScribeJob GetMedicalTranscriptionJob GetTranscriptionJob",
    "translate": "GetParallelData GetTerminology",
    "wickr": "GetOidcInfo GetOpentdfConfig",
    "wisdom": "GetContent GetImportJob GetRecommendations",
    "workdocs": "DescribeComments DescribeFolderContents GetDocument GetDocumentVersion",
    "workmailmessageflow": "GetRawMessageContent",
    "workspaces-thin-client": "GetEnvironment ListEnvironments",
    "xray": "BatchGetTraces ListRetrievedTraces",
}

READS_DATA = frozenset(
    f"{service}:{operation}" for service, named in _OPERATIONS.items() for operation in named.split()
)
"""Reading operations that no check may declare."""
