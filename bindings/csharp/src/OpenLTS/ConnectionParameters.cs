using System;
using System.Runtime.InteropServices;

namespace OpenLTS
{
    /// <summary>How to reach the License Tracking Server (LTS), and what to ask of it. A new object has the
    /// library's defaults; texts are null, which is the same as "". The object is read during a call and
    /// never kept; it is not to be changed by another thread meanwhile.</summary>
    public sealed class ConnectionParameters
    {
        /// <summary>Parameters with the library's defaults.</summary>
        public ConnectionParameters()
        {
            var defaults = NativeDefaults();
            // generated: defaults
            DeploymentType = (DeploymentType)defaults.deploymentType;
            ChargeWay = (ChargeWay)defaults.chargeWay;
            UUIDGenerationMethod = (UUIDGenerationMethod)defaults.UUIDGenerationMethod;
            MaxBufferDays = defaults.maxBufferDays;
            MaxConcurrentInstanceCount = defaults.maxConcurrentInstanceCount;
            Products = (Product)defaults.products;
            Resubmit = (Resubmit)defaults.resubmit;
            SlotSeconds = defaults.slotSeconds;
            InitTimeoutMilliseconds = defaults.initTimeoutMilliseconds;
            RequestTimeoutMilliseconds = defaults.requestTimeoutMilliseconds;
            // generated: end
        }

        // generated: properties
        /// <summary>http(s)://host[:port][/path]; required.</summary>
        public string MainServerURL { get; set; }

        /// <summary>Used if the main server can't be reached.</summary>
        public string StandbyServerURL { get; set; }

        /// <summary>Required, unless <see cref="OrganizationID"/> is set; both may be set.</summary>
        public string HandshakeCode { get; set; }

        /// <summary>The session password of the code, if it has one.</summary>
        public string SessionPassword { get; set; }

        /// <summary>Without <see cref="HandshakeCode"/>: the organization's default code is used.</summary>
        public string OrganizationID { get; set; }

        /// <summary>Where the SDK runs; Desktop by default.</summary>
        public DeploymentType DeploymentType { get; set; }

        /// <summary>How usage is to be charged; Auto by default.</summary>
        public ChargeWay ChargeWay { get; set; }

        /// <summary>How the client UUID is made; Random by default.</summary>
        public UUIDGenerationMethod UUIDGenerationMethod { get; set; }

        /// <summary>How many days an authorization may be used without the server; 0 to 6 count as 7; the license may
        /// allow fewer; 7 by default.</summary>
        public int MaxBufferDays { get; set; }

        /// <summary>The modules to ask for; null: all.</summary>
        public LicenseModule[] LimitedLicenseModules { get; set; }

        /// <summary>How many instances this machine will use at once, 1 to 1,000,000; matters only for licenses
        /// charged by instances; 1 by default.</summary>
        public int MaxConcurrentInstanceCount { get; set; }

        /// <summary>May be combined; All by default.</summary>
        public Product Products { get; set; }

        /// <summary>When a report whose submission failed is tried again; NextInit by default.</summary>
        public Resubmit Resubmit { get; set; }

        /// <summary>The version of the SDK, such as "10.2.1".</summary>
        public string ProductVersion { get; set; }

        /// <summary>The edition of the SDK, such as "Python".</summary>
        public string Edition { get; set; }

        /// <summary>Domain, application id or process name; the server may check it.</summary>
        public string ValidationField { get; set; }

        /// <summary>Shown to administrators.</summary>
        public string DeviceFriendlyName { get; set; }

        /// <summary>A client UUID of the host's own choice, for containers: 8-4-4-4-12 hex digits.</summary>
        public string DeviceUUID { get; set; }

        /// <summary>The server's Ed25519 key in base64, as lts key show prints it: the library believes no other
        /// server; if empty, it remembers the first key it sees.</summary>
        public string ServerPublicKey { get; set; }

        /// <summary>PEM file with the root certificates to trust for HTTPS; if empty, those of the machine
        /// (SSL_CERT_FILE is ignored).</summary>
        public string CAFile { get; set; }

        /// <summary>http(s)://[user:password@]host:port</summary>
        public string ProxyURL { get; set; }

        /// <summary>Where usage and the identity of the device are kept; if empty, .openlts in the user's home
        /// directory, or on Windows OpenLTS in the user's local application data. If nothing can be kept there, as in
        /// a container without a volume, each start is a new device, which counts for a day at most (set
        /// <see cref="DeviceUUID"/>).</summary>
        public string DataDirectory { get; set; }

        /// <summary>Length of a time slot and of the reporting interval in seconds; must divide a day; 180 by
        /// default.</summary>
        public int SlotSeconds { get; set; }

        /// <summary>For the whole initialization; 12000 by default.</summary>
        public int InitTimeoutMilliseconds { get; set; }

        /// <summary>For one request to a server; 5000 by default.</summary>
        public int RequestTimeoutMilliseconds { get; set; }
        // generated: end

        private static NativeMethods.LTS_ConnectionParameters NativeDefaults()
        {
            NativeLibrary.Require();
            var native = new NativeMethods.LTS_ConnectionParameters();
            uint size = (uint)Marshal.SizeOf<NativeMethods.LTS_ConnectionParameters>();
            LTSException.Check(NativeMethods.LTS_InitLTSConnectionParameters(ref native, size));
            return native;
        }

        /// <summary>The struct of the C interface; its pointers live as long as text.</summary>
        internal NativeMethods.LTS_ConnectionParameters ToNative(NativeText text)
        {
            var native = NativeDefaults();
            // generated: conversion
            native.mainServerURL = text.Copy(MainServerURL, nameof(MainServerURL));
            native.standbyServerURL = text.Copy(StandbyServerURL, nameof(StandbyServerURL));
            native.handshakeCode = text.Copy(HandshakeCode, nameof(HandshakeCode));
            native.sessionPassword = text.Copy(SessionPassword, nameof(SessionPassword));
            native.organizationID = text.Copy(OrganizationID, nameof(OrganizationID));
            native.deploymentType = (int)DeploymentType;
            native.chargeWay = (int)ChargeWay;
            native.UUIDGenerationMethod = (int)UUIDGenerationMethod;
            native.maxBufferDays = MaxBufferDays;
            if (LimitedLicenseModules != null)
            {
                native.limitedLicenseModules = text.Copy(Array.ConvertAll(LimitedLicenseModules, value => (int)value));
                native.limitedLicenseModulesCount = LimitedLicenseModules.Length;
            }
            native.maxConcurrentInstanceCount = MaxConcurrentInstanceCount;
            native.products = (int)Products;
            native.resubmit = (int)Resubmit;
            native.productVersion = text.Copy(ProductVersion, nameof(ProductVersion));
            native.edition = text.Copy(Edition, nameof(Edition));
            native.validationField = text.Copy(ValidationField, nameof(ValidationField));
            native.deviceFriendlyName = text.Copy(DeviceFriendlyName, nameof(DeviceFriendlyName));
            native.deviceUUID = text.Copy(DeviceUUID, nameof(DeviceUUID));
            native.serverPublicKey = text.Copy(ServerPublicKey, nameof(ServerPublicKey));
            native.caFile = text.Copy(CAFile, nameof(CAFile));
            native.proxyURL = text.Copy(ProxyURL, nameof(ProxyURL));
            native.dataDirectory = text.Copy(DataDirectory, nameof(DataDirectory));
            native.slotSeconds = SlotSeconds;
            native.initTimeoutMilliseconds = InitTimeoutMilliseconds;
            native.requestTimeoutMilliseconds = RequestTimeoutMilliseconds;
            // generated: end
            return native;
        }
    }
}
